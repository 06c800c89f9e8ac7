// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/libvirt/connection.hpp"

#include <optional>
#include <string>

namespace kvmkit::virt {

/// One of libvirt's own networks.
struct NetworkState {
    bool active = false;
    bool autostart = false;
    std::string bridge;  ///< Which its VMs are ports of; empty where it has none.
};

/// All of them, running or not.
Result<std::vector<std::string>> network_names(const Connection& connection);

/// Absent if libvirt knows no such network.
Result<std::optional<NetworkState>> find_network(const Connection& connection, const std::string& name);

Result<void> start_network(const Connection& connection, const std::string& name);

/// Stops a network unless a VM uses it, or it is off or gone already.
Result<void> stop_unused_network(const Connection& connection, const std::string& name);

/// What a network's DHCP server handed out.
struct Lease {
    std::string mac;
    std::string address;
    std::string client_id;  ///< "01:52:54:00:12:34:56" or "ff:..", as the client called itself; empty: not told.
    std::string hostname;
};

/// The leases that libvirt's network knows now; none where it has no DHCP server.
Result<std::vector<Lease>> leases_of(const Connection& connection, const std::string& name);

}  // namespace kvmkit::virt
