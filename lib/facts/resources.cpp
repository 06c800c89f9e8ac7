// SPDX-License-Identifier: Apache-2.0
#include "facts/resources.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "facts/task.hpp"

#include <algorithm>
#include <limits>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// "unlimited" or a number. Absent: neither.
std::optional<std::optional<std::uint64_t>> limit_of(std::string_view word)
{
    if (word == "unlimited") {
        return std::optional<std::uint64_t>{};
    }
    if (const auto number = decimal<std::uint64_t>(word)) {
        return std::optional<std::optional<std::uint64_t>>{number};
    }
    return std::nullopt;
}

bool has_piece(std::string_view list, std::string_view wanted)
{
    const auto pieces = split(list, ',');
    return std::ranges::find(pieces, wanted) != pieces.end();
}

/// "/" and ".." lead nowhere else: a group above the namespace's top shows as "/../..".
std::string below(std::string_view top, std::string_view path)
{
    std::string joined{top};
    for (const auto piece : split(path, '/')) {
        if (piece.empty() || piece == "." || piece == "..") {
            continue;
        }
        joined += joined.empty() ? std::string{piece} : fmt::format("/{}", piece);
    }
    return joined;
}

}  // namespace

MemoryPromises parse_promises(std::string_view meminfo)
{
    return {.limit = status_size(meminfo, "CommitLimit"),
            .promised = status_size(meminfo, "Committed_AS"),
            .huge_pages = decimal<std::uint64_t>(status_value(meminfo, "HugePages_Total")).value_or(0),
            .huge_pages_free = decimal<std::uint64_t>(status_value(meminfo, "HugePages_Free")).value_or(0),
            .huge_page_size = status_size(meminfo, "Hugepagesize")};
}

std::set<std::string, std::less<>> parse_cgroups(std::string_view text)
{
    constexpr std::size_t columns = 4;
    std::set<std::string, std::less<>> found;
    for (const auto line : lines(text)) {
        const auto row = words(line);
        if (row.size() == columns && !row.front().starts_with('#') && row.back() == "1") {
            found.emplace(row.front());
        }
    }
    return found;
}

bool allows_device(std::string_view list, unsigned major, unsigned minor)
{
    constexpr std::size_t columns = 3;
    const auto covers = [](std::string_view number, unsigned wanted) {
        return number == "*" || decimal<unsigned>(number) == wanted;
    };
    for (const auto line : lines(list)) {  // "c 10:232 rwm", "a *:* rwm"
        const auto row = words(line);
        const auto numbers = row.size() == columns ? split(row[1], ':') : std::vector<std::string_view>{};
        if (numbers.size() != 2 || (row[0] != "c" && row[0] != "a")) {
            continue;
        }
        const bool both = row[2].find('r') != std::string_view::npos && row[2].find('w') != std::string_view::npos;
        if (both && covers(numbers[0], major) && covers(numbers[1], minor)) {
            return true;
        }
    }
    return false;
}

std::optional<ResourceLimit> parse_limit(std::string_view limits, std::string_view name)
{
    for (const auto line : lines(limits)) {
        if (!line.starts_with(name)) {
            continue;
        }
        const auto values = words(line.substr(name.size()));
        const auto soft = values.size() < 2 ? std::nullopt : limit_of(values[0]);
        const auto hard = values.size() < 2 ? std::nullopt : limit_of(values[1]);
        return soft && hard ? std::optional{ResourceLimit{*soft, *hard}} : std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::string> cgroup_path(std::string_view cgroup, std::string_view controller)
{
    std::optional<std::string> unified;
    for (const auto line : lines(cgroup)) {  // "4:memory:/user.slice", "0::/user.slice"
        const auto first = line.find(':');
        const auto second = first == std::string_view::npos ? first : line.find(':', first + 1);
        if (second == std::string_view::npos) {
            continue;
        }
        const auto controllers = line.substr(first + 1, second - first - 1);
        const auto path = line.substr(second + 1);
        if (has_piece(controllers, controller)) {
            return below(controllers, path);
        }
        if (controllers.empty() && line.starts_with("0:")) {
            unified = below("", path);
        }
    }
    return unified;
}

std::optional<std::uint64_t> parse_cgroup_limit(std::string_view text)
{
    constexpr auto unlimited_v1 = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()) >> 16U << 16U;
    const auto number = decimal<std::uint64_t>(trim(text));
    return number && *number < unlimited_v1 ? number : std::nullopt;
}

std::uint64_t cached_bytes(std::string_view memory_stat)
{
    constexpr std::uint64_t most = 1ULL << 60U;
    std::uint64_t sum = 0;
    for (const auto line : lines(memory_stat)) {
        const auto pair = words(line);
        if (pair.size() == 2 && (pair[0] == "inactive_file" || pair[0] == "active_file")) {
            sum += std::min(decimal<std::uint64_t>(pair[1]).value_or(0), most);
        }
    }
    return std::min(sum, most);
}

std::string chosen_word(std::string_view text)
{
    const auto begin = text.find('[');
    const auto end = begin == std::string_view::npos ? begin : text.find(']', begin);
    return end == std::string_view::npos ? std::string{} : std::string{text.substr(begin + 1, end - begin - 1)};
}

}  // namespace kvmkit
