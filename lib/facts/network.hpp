// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "facts/kvm_users.hpp"

#include <string>
#include <string_view>

namespace kvmkit {

enum class NodeState { missing, right, wrong };

/// Whether a device node is there, and is the one that its name promises.
struct NamedNode {
    NodeState state = NodeState::missing;
    std::string shape = {};  ///< "character device 10:200", "plain file"; empty if it is missing.
};

/// What the network of guests needs of the kernel, and who may stand in its way.
struct NetworkFacts {
    Fact<NamedNode> tun{std::nullopt};          ///< dev/net/tun; absent: a recording that says nothing of it.
    Fact<NamedNode> vhost_net{std::nullopt};    ///< dev/vhost-net; absent likewise.
    bool has_vhost_net = false;                 ///< Where the node is missing: the kernel has or could load vhost_net.
    Fact<NamedNode> vhost_vsock{std::nullopt};  ///< dev/vhost-vsock; absent likewise.
    bool vmci_transport = false;                ///< VMware's transport of vsock is loaded.
    bool looked_at_sysctls = true;              ///< False: a recording without proc/sys/net.
    Fact<std::string> bridge_filter{std::nullopt};   ///< net.bridge.bridge-nf-call-iptables; absent: no br_netfilter.
    bool docker = false;                             ///< Docker's bridge docker0 is there.
    Fact<std::string> forward_policy{std::nullopt};  ///< Of chain FORWARD: "drop", "drop-ipv6" (IPv6's alone),
                                                     ///< "accept"; absent: nobody asked.
};

/// The shape that a node has if it is the right one: "character device 10:200". Other shapes are wrong ones.
std::string right_shape(unsigned minor);

/// A node by its shape: it is right if it has the one that right_shape() gives.
NamedNode node_shaped(std::string shape, unsigned minor);

inline constexpr unsigned tun_minor = 200;
inline constexpr unsigned vhost_net_minor = 238;
inline constexpr unsigned vhost_vsock_minor = 241;

/// Which kernel modules of other hypervisors are loaded, and who uses KVM already.
struct ConflictFacts {
    bool virtualbox = false;                             ///< vboxdrv
    Fact<std::string> virtualbox_version{std::nullopt};  ///< "7.0.14 r161095"; absent: not told.
    bool vmware = false;                                 ///< vmmon
    Fact<std::string> virt_at_load{std::nullopt};  ///< kvm's parameter enable_virt_at_load: "Y", "N"; since Linux 6.12.
    Fact<KvmUsers> kvm_users{std::nullopt};        ///< Absent: nobody looked.
};

/// Whether the text of modules.dep or modules.builtin names a module: "vhost_net", in the spelling of sys/module.
bool lists_module(std::string_view modules, std::string_view name);

}  // namespace kvmkit
