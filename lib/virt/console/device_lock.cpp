// SPDX-License-Identifier: Apache-2.0
#include "virt/console/device_lock.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "base/unique_fd.hpp"
#include "system/files.hpp"

#include <fcntl.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): kill() is POSIX
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <optional>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

std::filesystem::path lock_file(std::string_view device, const std::filesystem::path& folder)
{
    constexpr std::string_view top = "/dev";
    std::string name{device.starts_with(top) ? device.substr(top.size()) : device};
    std::ranges::replace(name, '/', '_');
    return folder / ("LCK.." + name);
}

/// Who has the lock and lives; absent if nobody does.
std::optional<pid_t> holder_of(const std::filesystem::path& path)
{
    constexpr std::size_t most_bytes = 64;
    const UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)};
    const auto text = fd ? read_all(fd.get(), path.string(), most_bytes) : Result<std::string>{Error{}};
    const auto pid = text ? decimal<pid_t>(trim(*text)) : std::nullopt;
    const bool lives = pid && *pid > 0 && (::kill(*pid, 0) == 0 || errno != ESRCH);
    return lives ? pid : std::nullopt;
}

}  // namespace

Result<DeviceLock> DeviceLock::take(std::string_view device,
                                    std::string_view doing,
                                    const std::filesystem::path& folder)
{
    const auto path = lock_file(device, folder);
    const auto content = fmt::format("{:>10}\n", ::getpid());
    auto written = write_new(path, content, 0644);
    if (!written && written.error().code == ErrorCode::exists) {
        if (const auto holder = holder_of(path)) {
            return Error{ErrorCode::busy,
                         fmt::format("{}: process {} has it open", doing, *holder),
                         fmt::format("end that one first; 'ps -p {}' tells what it is", *holder)};
        }
        (void)remove_if_there(path);
        written = write_new(path, content, 0644);
    }
    if (!written && written.error().code == ErrorCode::exists) {
        return Error{ErrorCode::busy, fmt::format("{}: another process has just opened it", doing), "try again"};
    }
    return DeviceLock{written ? path : std::filesystem::path{}};
}

DeviceLock::~DeviceLock()
{
    if (!path_.empty()) {
        (void)remove_if_there(path_);
    }
}

}  // namespace kvmkit::virt
