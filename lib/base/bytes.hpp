// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace kvmkit {

/// A size in bytes. Bare integers never carry sizes across a function boundary.
class Bytes {
public:
    constexpr Bytes() noexcept = default;
    static constexpr Bytes of(std::uint64_t count) noexcept { return Bytes{count}; }
    static constexpr Bytes mib(std::uint64_t count) noexcept { return Bytes{count << 20U}; }

    /// Reads "512M", "2G", "1536" (plain bytes): binary units K, M, G, T, optionally followed by "iB" or "B".
    static Result<Bytes> parse(std::string_view text);

    [[nodiscard]] constexpr std::uint64_t count() const noexcept { return count_; }
    auto operator<=>(const Bytes&) const = default;  // NOLINT(modernize-use-nullptr): clang-tidy 14 and <=>

private:
    explicit constexpr Bytes(std::uint64_t count) noexcept : count_(count) {}
    std::uint64_t count_ = 0;
};

/// "512 MiB", "1.5 GiB": for people, never for records.
std::string human(Bytes size);

}  // namespace kvmkit
