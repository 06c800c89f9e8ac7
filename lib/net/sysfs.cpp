// SPDX-License-Identifier: Apache-2.0
#include "net/sysfs.hpp"

#include <fcntl.h>
#include <linux/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace kvmkit::net {

UniqueFd own_sysfs()
{
    const UniqueFd context{static_cast<int>(::syscall(SYS_fsopen, "sysfs", FSOPEN_CLOEXEC))};
    if (!context || ::syscall(SYS_fsconfig, context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) {
        return UniqueFd{};
    }
    return UniqueFd{static_cast<int>(::syscall(SYS_fsmount, context.get(), FSMOUNT_CLOEXEC, MOUNT_ATTR_RDONLY))};
}

std::optional<bool> has_pinned_mac(const LinkName& bridge)
{
    constexpr char set = '3';
    const UniqueFd sysfs = own_sysfs();
    const auto path = "class/net/" + bridge.str() + "/addr_assign_type";
    const UniqueFd file{sysfs ? ::openat(sysfs.get(), path.c_str(), O_RDONLY | O_CLOEXEC) : -1};
    char type = 0;
    return file && ::read(file.get(), &type, 1) == 1 ? std::optional{type == set} : std::nullopt;
}

}  // namespace kvmkit::net
