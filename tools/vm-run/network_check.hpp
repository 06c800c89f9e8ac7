// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/model/network.hpp"
#include "virt/libvirt/connection.hpp"
#include "virt/spec/nic.hpp"
#include "wait_options.hpp"

#include <string>
#include <vector>

namespace kvmkit::vm_run {

/// What the wished networks come to on this host.
struct NetworkPlan {
    std::vector<std::string> learning_bridges = {};  ///< Their new ports stay silent at first.
    std::vector<std::string> to_start = {};          ///< libvirt's networks that are off.
    std::vector<std::string> warnings = {};
};

/// The networks of a VM for which nobody named any.
struct NetworkChoice {
    std::vector<virt::Nic> nics = {virt::Nic{}};
    std::string why = {};   ///< What was seen of libvirt's network "default".
    std::string hint = {};  ///< What would make another choice.
    bool here = true;       ///< Whether they are this host's.
};

/// libvirt's network "default" where it runs, as a VM can be called there; else QEMU's own NAT.
NetworkChoice choose_network(const virt::Connection& connection);

/// ErrorCode::refused where what is waited for cannot come by these networks.
Result<void> check_choice(const NetworkChoice& choice, Wait wait);

/// Whether bridges and links are there and do what is wished of them. ErrorCode::refused for a VLAN on a bridge that
/// keeps none apart. Pure.
Result<void> check_links(const std::vector<virt::Nic>& nics, const net::Network& host, NetworkPlan& plan);

/// Looks at this host's links.
Result<void> check_host_links(const std::vector<virt::Nic>& nics, NetworkPlan& plan);

/// Whether the ports of this host that lead to the guest are free.
Result<void> check_forwards(const std::vector<virt::Nic>& nics);

/// Whether libvirt's networks are there and on; off ones are to be started if that is wished, else not_found.
Result<void> check_networks(const std::vector<virt::Nic>& nics,
                            const virt::Connection& connection,
                            bool start,
                            NetworkPlan& plan);

}  // namespace kvmkit::vm_run
