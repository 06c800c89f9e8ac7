// SPDX-License-Identifier: Apache-2.0
#include "facts/task.hpp"

#include "base/number.hpp"
#include "base/text.hpp"

#include <limits>

namespace kvmkit {
namespace {

/// Fields of stat by the numbers of proc(5), counted after the name, which is field 2.
constexpr std::size_t after_name = 3;
constexpr std::size_t user_time = 14 - after_name;
constexpr std::size_t system_time = 15 - after_name;
constexpr std::size_t start_time = 22 - after_name;
constexpr std::size_t processor = 39 - after_name;

/// A count of nanoseconds that no clock of this kind overflows: absent for what the kernel cannot mean.
std::optional<std::chrono::nanoseconds> nanoseconds_of(std::string_view text)
{
    const auto count = decimal<std::int64_t>(text);
    return count && *count >= 0 ? std::optional{std::chrono::nanoseconds{*count}} : std::nullopt;
}

std::string lower(std::string_view text)
{
    std::string lowered{text};
    for (char& letter : lowered) {
        letter = letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
    }
    return lowered;
}

}  // namespace

std::optional<TaskStat> parse_task_stat(std::string_view text)
{
    const auto open = text.find('(');
    const auto close = text.rfind(')');
    if (open == std::string_view::npos || close == std::string_view::npos || close < open) {
        return std::nullopt;
    }
    const auto fields = words(text.substr(close + 1));
    if (fields.size() <= start_time) {
        return std::nullopt;
    }
    constexpr auto most_ticks =
        std::numeric_limits<std::uint32_t>::max();  // over a year, times every CPU a task can use
    const auto user = decimal<std::uint64_t>(fields[user_time]);
    const auto system = decimal<std::uint64_t>(fields[system_time]);
    const auto start = decimal<std::uint64_t>(fields[start_time]);
    if (!user || !system || !start || *user > most_ticks || *system > most_ticks) {
        return std::nullopt;
    }
    const auto ticks = static_cast<std::int64_t>(*user + *system);
    return TaskStat{.name = std::string{text.substr(open + 1, close - open - 1)},
                    .state = fields.front().front(),
                    .used = proc_tick * ticks,
                    .start_ticks = *start,
                    .cpu = fields.size() > processor ? decimal<unsigned>(fields[processor]) : std::nullopt};
}

std::optional<SchedTimes> parse_schedstat(std::string_view text)
{
    const auto fields = words(text);
    if (fields.size() < 2) {
        return std::nullopt;
    }
    const auto ran = nanoseconds_of(fields[0]);
    const auto waited = nanoseconds_of(fields[1]);
    return ran && waited ? std::optional{SchedTimes{*ran, *waited}} : std::nullopt;
}

std::string_view status_value(std::string_view status, std::string_view key)
{
    for (const auto line : lines(status)) {
        if (line.starts_with(key) && line.substr(key.size()).starts_with(':')) {
            return trim(line.substr(key.size() + 1));
        }
    }
    return {};
}

std::optional<Bytes> status_size(std::string_view status, std::string_view key)
{
    constexpr std::uint64_t kib = 1024;
    const auto pieces = words(status_value(status, key));
    if (pieces.size() != 2 || pieces.back() != "kB") {
        return std::nullopt;
    }
    const auto count = decimal<std::uint64_t>(pieces.front());
    if (!count || *count > std::numeric_limits<std::uint64_t>::max() / kib) {
        return std::nullopt;
    }
    return Bytes::of(*count * kib);
}

std::optional<VcpuName> parse_vcpu_name(std::string_view name)
{
    constexpr std::string_view one = "CPU ";
    name = trim(name);
    const auto slash = name.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    const auto accelerator = lower(name.substr(slash + 1));
    if (name.starts_with("ALL CPUs/")) {
        return VcpuName{std::nullopt, accelerator};
    }
    const auto vcpu =
        name.starts_with(one) ? decimal<unsigned>(name.substr(one.size(), slash - one.size())) : std::nullopt;
    return vcpu ? std::optional{VcpuName{vcpu, accelerator}} : std::nullopt;
}

}  // namespace kvmkit
