// SPDX-License-Identifier: Apache-2.0
#include "facts/memory.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "facts/task.hpp"

#include <cmath>

namespace kvmkit {
namespace {

/// The 10 second average on the line that starts with this word.
std::optional<double> average_of(std::string_view text, std::string_view kind)
{
    constexpr std::string_view key = "avg10=";
    for (const auto line : lines(text)) {
        const auto pieces = words(line);
        if (pieces.size() < 2 || pieces.front() != kind || !pieces[1].starts_with(key)) {
            continue;
        }
        const auto percent = decimal<double>(pieces[1].substr(key.size()));
        return percent && std::isfinite(*percent) && *percent >= 0 ? percent : std::nullopt;
    }
    return std::nullopt;
}

/// "Hugetlb" (Linux 4.16) counts the pages of all sizes; before, only those of the default size are told.
Bytes huge_page_pool(std::string_view text)
{
    if (const auto all = status_size(text, "Hugetlb")) {
        return *all;
    }
    constexpr std::uint64_t most_pages = 1ULL << 32U;
    const auto pages = decimal<std::uint64_t>(status_value(text, "HugePages_Total"));
    const auto size = status_size(text, "Hugepagesize");
    return pages && size && *pages <= most_pages && size->count() < most_pages ? Bytes::of(*pages * size->count())
                                                                               : Bytes{};
}

}  // namespace

std::optional<MemoryFacts> parse_meminfo(std::string_view text)
{
    const auto total = status_size(text, "MemTotal");
    if (!total) {
        return std::nullopt;
    }
    return MemoryFacts{
        .total = *total, .available = status_size(text, "MemAvailable"), .huge_page_pool = huge_page_pool(text)};
}

std::optional<Pressure> parse_pressure(std::string_view text)
{
    const auto some = average_of(text, "some");
    return some ? std::optional{Pressure{.some_avg10 = *some, .full_avg10 = average_of(text, "full")}} : std::nullopt;
}

}  // namespace kvmkit
