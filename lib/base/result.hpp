// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cassert>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace kvmkit {

/// Why an operation failed. Decides the exit code (docs/exit-codes.md) and whether a retry can help.
enum class ErrorCode {
    not_found,    ///< The thing asked for does not exist.
    permission,   ///< The kernel, libvirt or the file system forbids it.
    exists,       ///< The name is taken.
    busy,         ///< Somebody else uses it now.
    invalid,      ///< The outside world calls our request malformed.
    unsupported,  ///< The kernel or a program lacks the feature.
    timeout,      ///< A deadline passed.
    external,     ///< Any other failure of the outside world.
    usage,        ///< The command line or an input file is wrong: exit 2.
    refused,      ///< Refused before anything was touched: exit 10.
    locked,       ///< Another instance holds the lock: exit 11.
    interrupted,  ///< A signal asked us to stop, and all was rolled back: exit 130.
    damaged,      ///< Failed and could not be undone: exit 4.
    rolled_back,  ///< Made, found wanting when looked at again, and undone: exit 12.
};

/// The stable word for a code, as JSON records carry it ("not-found").
std::string_view word(ErrorCode code) noexcept;

/// The code of a word; absent for a word that is none.
std::optional<ErrorCode> error_code_of(std::string_view word) noexcept;

/// A failed operation on the outside world. A host that lacks a feature is not an Error, it is a Verdict.
struct Error {
    ErrorCode code = ErrorCode::external;
    std::string message;    ///< "cannot create bridge 'br0': Operation not permitted"
    std::string hint = {};  ///< What the user can do next; empty if we do not know.
};

/// Builds an Error from an errno value; `doing` reads "cannot open '/dev/kvm'".
Error errno_error(int errnum, std::string_view doing, std::string hint = {});

/// A value or an Error. Becomes std::expected by changing the one line below once the project builds as C++23. Builds
/// with assertions end a program that takes the value of an Error; in others that reads memory that holds none.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
    using Base = tl::expected<T, Error>;

public:
    using Base::Base;
    Result(Error error) : Base(tl::unexpected<Error>(std::move(error))) {}

    const T* operator->() const
    {
        assert(this->has_value());
        return Base::operator->();
    }
    T* operator->()
    {
        assert(this->has_value());
        return Base::operator->();
    }
    const T& operator*() const&
    {
        assert(this->has_value());
        return Base::operator*();
    }
    T& operator*() &
    {
        assert(this->has_value());
        return Base::operator*();
    }
    T&& operator*() &&
    {
        assert(this->has_value());
        return std::move(*this).Base::operator*();
    }
};

/// The same for operations that yield nothing.
template <>
class [[nodiscard]] Result<void> : public tl::expected<void, Error> {
    using Base = tl::expected<void, Error>;

public:
    using Base::Base;
    Result(Error error) : Base(tl::unexpected<Error>(std::move(error))) {}
};

}  // namespace kvmkit
