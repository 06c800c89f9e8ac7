// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <compare>
#include <string>
#include <string_view>

namespace kvmkit::net {

/// A name the kernel accepts: 1 to 15 bytes of UTF-8; no '/:%', blank, control character; not ., .., all or default.
class LinkName {
public:
    /// Reads what a user typed. ErrorCode::usage says what is wrong; for a name that is too long the hint proposes one
    /// that fits. The kernel would cut such a name off or refuse it without saying why.
    static Result<LinkName> parse(std::string_view text);

    /// Takes the name of a link that exists.
    static LinkName from_kernel(std::string_view text) { return LinkName{text}; }

    [[nodiscard]] const std::string& str() const noexcept { return text_; }
    auto operator<=>(const LinkName&) const = default;

private:
    explicit LinkName(std::string_view text) : text_(text) {}
    std::string text_;
};

/// The longest name of a link, in bytes.
constexpr std::size_t max_link_name = 15;

/// A name of at most 15 bytes, letters whole, that keeps the end (".100", "-2"), by which such names differ.
std::string shortened(std::string_view name);

}  // namespace kvmkit::net
