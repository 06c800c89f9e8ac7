// SPDX-License-Identifier: Apache-2.0
#include "system/clock.hpp"

#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <ctime>

#include <fmt/chrono.h>
#include <fmt/format.h>

namespace kvmkit {
namespace {

Result<std::string> read_small(const std::string& path)
{
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (!file) {
        return errno_error(errno, fmt::format("cannot open '{}'", path));
    }
    return read_all(file.get(), path, 65536);
}

}  // namespace

Result<std::string> boot_id()
{
    auto text = read_small("/proc/sys/kernel/random/boot_id");
    if (!text) {
        return text;
    }
    return std::string{trim(*text)};
}

std::optional<std::uint64_t> process_start_time(pid_t pid)
{
    const auto text = read_small(fmt::format("/proc/{}/stat", pid));
    if (!text) {
        return std::nullopt;
    }
    // The command name may hold blanks and brackets: fields are counted from the last bracket on, which ends field 2.
    const auto bracket = text->rfind(')');
    if (bracket == std::string::npos) {
        return std::nullopt;
    }
    const auto fields = words(std::string_view{*text}.substr(bracket + 1));
    constexpr std::size_t start_time_field = 22 - 3;
    std::uint64_t ticks = 0;
    if (fields.size() <= start_time_field || fields.front() == "Z") {
        return std::nullopt;
    }
    const auto field = fields[start_time_field];
    const auto parsed = std::from_chars(field.data(), field.data() + field.size(), ticks);
    return parsed.ec == std::errc{} ? std::optional{ticks} : std::nullopt;
}

std::uint64_t ticks_after_boot()
{
    timespec now{};
    (void)::clock_gettime(CLOCK_BOOTTIME, &now);
    const auto per_second = static_cast<std::uint64_t>(::sysconf(_SC_CLK_TCK));
    constexpr std::uint64_t nanoseconds = 1'000'000'000;
    return static_cast<std::uint64_t>(now.tv_sec) * per_second +
           static_cast<std::uint64_t>(now.tv_nsec) * per_second / nanoseconds;
}

std::chrono::sys_seconds wall_clock()
{
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

std::string iso_time(std::chrono::sys_seconds time)
{
    return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

}  // namespace kvmkit
