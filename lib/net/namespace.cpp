// SPDX-License-Identifier: Apache-2.0
#include "net/namespace.hpp"

#include "base/unique_fd.hpp"

#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

std::string path_of(const std::string& name)
{
    return "/run/netns/" + name;
}

NetNamespace from(std::string name, const struct stat& status)
{
    return {std::move(name), status.st_dev, status.st_ino};
}

}  // namespace

Result<NetNamespace> current_namespace()
{
    struct stat status {};
    if (::stat("/proc/thread-self/ns/net", &status) != 0) {
        return errno_error(errno, "cannot read the own network namespace", "mount /proc");
    }
    return from({}, status);
}

Result<NetNamespace> enter_namespace(const std::string& name)
{
    if (name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos) {
        return Error{ErrorCode::usage,
                     fmt::format("cannot use network namespace name '{}'", name),
                     "'ip netns list' lists those that exist"};
    }
    const auto doing = fmt::format("cannot enter network namespace '{}'", name);
    const UniqueFd fd{::open(path_of(name).c_str(), O_RDONLY | O_CLOEXEC)};
    if (!fd) {
        const bool missing = errno == ENOENT;
        return errno_error(errno, doing, missing ? fmt::format("ip netns add {}", name) : "");
    }
    struct stat status {};
    if (::fstat(fd.get(), &status) != 0 || ::setns(fd.get(), CLONE_NEWNET) != 0) {
        return errno_error(errno, doing, "entering one needs root (CAP_SYS_ADMIN)");
    }
    return from(name, status);
}

bool is_gone(const NetNamespace& space)
{
    if (space.name.empty()) {
        return false;
    }
    struct stat status {};
    if (::stat(path_of(space.name).c_str(), &status) != 0) {
        return errno == ENOENT;
    }
    return !from(space.name, status).is_same(space);
}

Result<void> check_may_change_links()
{
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    std::array<__user_cap_data_struct, _LINUX_CAPABILITY_U32S_3> sets{};
    if (::syscall(SYS_capget, &header, sets.data()) != 0) {
        return errno_error(errno, "cannot read the own capabilities");
    }
    if ((sets[CAP_TO_INDEX(CAP_NET_ADMIN)].effective & CAP_TO_MASK(CAP_NET_ADMIN)) != 0) {
        return {};
    }
    return Error{ErrorCode::permission,
                 "cannot change the network: this needs root (CAP_NET_ADMIN)",
                 "run it with sudo; --dry-run works without"};
}

}  // namespace kvmkit::net
