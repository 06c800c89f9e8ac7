// SPDX-License-Identifier: Apache-2.0
#include "setup/apt_progress.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

unsigned number(std::string_view text)
{
    unsigned value = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

std::optional<PackageProgress> AptProgressReader::read(std::string_view line)
{
    const auto parts = words(line);
    if (parts.size() > 3 && line.find(" newly installed, ") != std::string_view::npos) {
        packages_ = number(parts[0]) + number(parts[2]);  // "1 upgraded, 10 newly installed, 0 to remove and ..."
    } else if (parts.size() > 4 && line.starts_with("Get:")) {
        // "Get:2 http://mirror.example.org/debian bookworm/main amd64 vlan all 2.0.5 [11.7 kB]"
        const auto version_end =
            std::ranges::find_if(parts, [](std::string_view part) { return part.starts_with('['); });
        const auto index = static_cast<std::size_t>(version_end - parts.begin());
        const auto name = index >= 3 && index < parts.size() ? parts[index - 3] : std::string_view{};
        return PackageProgress{true, percent_of(++fetched_, packages_), fmt::format("Fetched {}", name)};
    } else if (line.starts_with("Unpacking ") || line.starts_with("Setting up ")) {
        const auto text = trim(line.substr(0, line.find(" (")));
        return PackageProgress{false, percent_of(++steps_, 2 * packages_), std::string{text}};
    }
    return std::nullopt;
}

double AptProgressReader::percent_of(unsigned done, unsigned whole) const
{
    return whole == 0 ? 0.0 : std::min(100.0, 100.0 * done / whole);
}

}  // namespace kvmkit::setup
