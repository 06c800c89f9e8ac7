// SPDX-License-Identifier: Apache-2.0
#include "probe/host_probe.hpp"

#include "probe/files.hpp"
#include "probe/live.hpp"
#include "probe/other_user.hpp"
#include "probe/recorded.hpp"
#include "probe/software.hpp"

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// What libvirt noted of QEMU's version, where no database of packages told it.
void complete_version(HostFacts& host)
{
    const auto& noted = host.libvirt.noted;
    const bool told = !host.qemu.version || *host.qemu.version;
    if (told || !host.qemu.binary || !*host.qemu.binary || !noted || !*noted) {
        return;
    }
    for (const NotedEmulator& one : **noted) {
        if (one.emulator == **host.qemu.binary && !one.version.empty()) {
            host.qemu.version = std::optional{one.version};
        }
    }
}

}  // namespace

HostFacts probe_host(const Root& root, const ProbeOrder& order)
{
    FileFacts files = read_files(root);
    HostFacts host = std::move(files.host);
    if (root.is_this_host()) {
        probe_live(root, order, host);
    } else {
        read_recording(root, host);
        if (order.user) {
            take_place(*order.user, host);
        }
    }
    read_qemu(root, host);
    read_security(root, host.security);
    read_libvirt_files(root, host.qemu.target, host.libvirt);
    complete_version(host);
    files.underlay.cpuid = host.cpuid;
    host.underlay = identify_underlay(files.underlay);
    return host;
}

Result<UserFacts> find_user_in(const Root& root, const std::string& name)
{
    const auto passwd = root.read("etc/passwd");
    const auto group = root.read("etc/group");
    if (!passwd || !group) {
        return !passwd ? passwd.error() : group.error();
    }
    auto user = find_user(passwd->value_or(""), group->value_or(""), name);
    if (!user) {
        return Error{ErrorCode::usage,
                     fmt::format("cannot judge user '{}': /etc/passwd names no such user", name),
                     "users of a directory service are not in there: run kvm-check as that user"};
    }
    return std::move(*user);
}

}  // namespace kvmkit
