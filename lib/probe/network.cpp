// SPDX-License-Identifier: Apache-2.0
#include "probe/network.hpp"

#include "probe/modules.hpp"
#include "system/small_files.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// A character device of misc's major number. Recordings hold no device: what they do not show was not looked at.
Fact<NamedNode> look_at(const Root& root, const std::string& path, unsigned wanted_minor)
{
    const auto found = root.status(path);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return root.is_this_host() ? std::optional<NamedNode>{NamedNode{}} : std::optional<NamedNode>{};
    }
    const struct stat& node = **found;
    if (!S_ISCHR(node.st_mode)) {
        return std::optional{NamedNode{NodeState::wrong, S_ISREG(node.st_mode) ? "plain file" : "other kind of file"}};
    }
    return std::optional{
        node_shaped(fmt::format("character device {}:{}", major(node.st_rdev), minor(node.st_rdev)), wanted_minor)};
}

/// In the kernel, or in its folder of modules.
bool has_vhost_net(const Root& root)
{
    const auto state = find_module(root, "vhost_net");
    return state == ModuleState::present || state == ModuleState::loadable;
}

}  // namespace

NetworkFacts read_network(const Root& root)
{
    NetworkFacts facts;
    facts.tun = look_at(root, "dev/net/tun", tun_minor);
    facts.vhost_net = look_at(root, "dev/vhost-net", vhost_net_minor);
    facts.vhost_vsock = look_at(root, "dev/vhost-vsock", vhost_vsock_minor);
    facts.vmci_transport = root.exists("sys/module/vmw_vsock_vmci_transport");
    const bool node_missing = facts.vhost_net && *facts.vhost_net && (*facts.vhost_net)->state == NodeState::missing;
    facts.has_vhost_net = node_missing && has_vhost_net(root);
    facts.looked_at_sysctls = root.is_this_host() || root.exists("proc/sys/net");
    facts.bridge_filter = trimmed(root, "proc/sys/net/bridge/bridge-nf-call-iptables");
    facts.docker = root.exists("sys/class/net/docker0");
    return facts;
}

ConflictFacts read_conflicts(const Root& root)
{
    return {.virtualbox = root.exists("sys/module/vboxdrv"),
            .virtualbox_version = trimmed(root, "sys/module/vboxdrv/version"),
            .vmware = root.exists("sys/module/vmmon"),
            .virt_at_load = trimmed(root, "sys/module/kvm/parameters/enable_virt_at_load")};
}

}  // namespace kvmkit
