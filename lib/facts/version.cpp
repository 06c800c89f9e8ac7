// SPDX-License-Identifier: Apache-2.0
#include "facts/version.hpp"

#include "base/number.hpp"
#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit {

std::optional<Version> parse_version(std::string_view text)
{
    constexpr std::size_t most_numbers = 4;
    const auto parts = split(text, '.');
    if (parts.size() < 2 || parts.size() > most_numbers) {
        return std::nullopt;
    }
    Version version{};
    for (std::size_t i = 0; i < parts.size(); ++i) {
        const auto number = decimal<unsigned>(parts[i]);
        if (!number) {
            return std::nullopt;
        }
        if (i < version.size()) {
            version.at(i) = *number;
        }
    }
    return version;
}

std::string upstream_version(std::string_view package_version)
{
    const auto colon = package_version.find(':');
    auto rest = colon == std::string_view::npos ? package_version : package_version.substr(colon + 1);
    rest = rest.substr(0, std::min(rest.find_first_not_of("0123456789."), rest.size()));
    while (rest.ends_with('.')) {
        rest.remove_suffix(1);
    }
    return parse_version(rest) ? std::string{rest} : std::string{};
}

std::string version_of_number(std::string_view number)
{
    constexpr unsigned long long step = 1000;
    const auto value = decimal<unsigned long long>(number);
    if (!value || *value < step || *value / step / step >= step) {
        return {};
    }
    return fmt::format("{}.{}.{}", *value / step / step, *value / step % step, *value % step);
}

}  // namespace kvmkit
