// SPDX-License-Identifier: Apache-2.0
#include "probe/libvirt.hpp"

#include "base/unique_fd.hpp"
#include "system/small_files.hpp"

#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// Looks at the name only: what links at boot lead to lies outside of a recorded host.
bool is_listed(const Root& root, const std::string& folder, const std::string& name)
{
    const auto names = root.names(folder);
    return names && *names && std::ranges::find(**names, name) != (*names)->end();
}

bool is_masked(const Root& root, const std::string& unit)
{
    return std::ranges::any_of(std::array{"etc/systemd/system", "run/systemd/system"}, [&](const char* folder) {
        const auto target = root.link_target(fmt::format("{}/{}", folder, unit));
        return target && *target && (*target)->ends_with("/dev/null");
    });
}

LibvirtDaemon read_daemon(const Root& root, const std::string& name)
{
    const auto service = name + ".service";
    const bool installed = root.exists("usr/sbin/" + name) || root.exists("usr/lib/systemd/system/" + service) ||
                           root.exists("lib/systemd/system/" + service);
    const bool enabled = is_listed(root, "etc/systemd/system/sockets.target.wants", name + ".socket") ||
                         is_listed(root, "etc/systemd/system/multi-user.target.wants", service) ||
                         is_listed(root, "etc/runlevels/default", name);
    return {.installed = installed, .masked = is_masked(root, service), .enabled = enabled};
}

/// A recorded host need not have run/: there the program that would run it counts.
ServiceManager read_manager(const Root& root)
{
    const bool here = root.is_this_host();
    if (root.exists("run/systemd/system") || (!here && root.exists("usr/lib/systemd/systemd"))) {
        return ServiceManager::systemd;
    }
    const bool openrc = root.exists("run/openrc") || (!here && root.exists("etc/runlevels"));
    return openrc ? ServiceManager::openrc : ServiceManager::none;
}

/// virtqemud's own first: beside it virtproxyd answers on libvirtd's.
Fact<std::string> read_socket(const Root& root)
{
    if (!root.is_this_host()) {
        return Error{ErrorCode::not_found, "not recorded: whether libvirt answers"};
    }
    for (const auto* name : {"virtqemud-sock", "libvirt-sock"}) {
        if (root.exists(fmt::format("run/libvirt/{}", name))) {
            return std::optional{fmt::format("/run/libvirt/{}", name)};
        }
    }
    return std::optional<std::string>{};
}

}  // namespace

LibvirtFacts read_libvirt(const Root& root)
{
    const auto group = text_or_nothing(root, "etc/group");
    return {.looked = root.is_this_host() || root.exists("usr/sbin"),
            .monolithic = read_daemon(root, "libvirtd"),
            .modular = read_daemon(root, "virtqemud"),
            .manager = read_manager(root),
            .socket = read_socket(root),
            .connect = std::nullopt,
            .group = find_group(group, "libvirt"),
            .qemu = find_qemu_account(
                text_or_nothing(root, "etc/libvirt/qemu.conf"), text_or_nothing(root, "etc/passwd"), group)};
}

Answer connect_to(const std::filesystem::path& socket)
{
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string name = socket.string();
    if (name.size() >= sizeof address.sun_path) {
        return {-1, ENAMETOOLONG};
    }
    std::memcpy(&address.sun_path[0], name.c_str(), name.size() + 1);
    const UniqueFd fd{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
    if (!fd) {
        return {-1, errno};
    }
    const int made = ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return made == 0 ? Answer{} : Answer{-1, errno};
}

void try_libvirt(LibvirtFacts& libvirt)
{
    if (libvirt.installed() && libvirt.socket && *libvirt.socket) {
        libvirt.connect = std::optional{connect_to(**libvirt.socket)};
    }
}

}  // namespace kvmkit
