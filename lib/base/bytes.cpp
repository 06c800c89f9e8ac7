// SPDX-License-Identifier: Apache-2.0
#include "base/bytes.hpp"

#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr std::string_view units = "KMGT";

Error bad_size(std::string_view text)
{
    return {ErrorCode::usage, fmt::format("'{}' is not a size", text), "write it like 512M or 2G"};
}

/// The power of two behind a suffix: "" and "b" are 0, "M", "MB" and "MiB" are 20.
std::optional<unsigned> shift_of(std::string_view suffix)
{
    if (suffix.empty() || suffix == "B" || suffix == "b") {
        return 0U;
    }
    const auto place = units.find(static_cast<char>(suffix.front() & ~0x20));
    const auto rest = suffix.substr(1);
    if (place == std::string_view::npos || !(rest.empty() || rest == "B" || rest == "iB")) {
        return std::nullopt;
    }
    return 10U * (static_cast<unsigned>(place) + 1U);
}

}  // namespace

Result<Bytes> Bytes::parse(std::string_view text)
{
    std::uint64_t number = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
    const auto digits = static_cast<std::size_t>(end - text.data());
    const auto shift = shift_of(text.substr(digits));
    if (problem != std::errc{} || !shift || number > (std::numeric_limits<std::uint64_t>::max() >> *shift)) {
        return bad_size(text);
    }
    return Bytes{number << *shift};
}

std::string human(Bytes size)
{
    constexpr std::array names{"B", "KiB", "MiB", "GiB", "TiB"};
    auto value = static_cast<double>(size.count());
    std::size_t unit = 0;
    while (value >= 1024.0 && unit + 1 < names.size()) {
        value /= 1024.0;
        ++unit;
    }
    const bool whole = value == static_cast<double>(static_cast<std::uint64_t>(value));
    return whole ? fmt::format("{:.0f} {}", value, names.at(unit)) : fmt::format("{:.1f} {}", value, names.at(unit));
}

}  // namespace kvmkit
