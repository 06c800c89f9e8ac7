// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/network.hpp"

#include "virt/libvirt/libvirt_error.hpp"
#include "virt/libvirt/memory.hpp"

#include <libvirt/libvirt.h>

#include <cstdlib>
#include <memory>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

struct FreeNetwork {
    void operator()(virNetworkPtr network) const noexcept { (void)virNetworkFree(network); }
};
using NetworkHandle = std::unique_ptr<virNetwork, FreeNetwork>;

struct FreeLease {
    void operator()(virNetworkDHCPLeasePtr lease) const noexcept { virNetworkDHCPLeaseFree(lease); }
};

/// A handle, or none where libvirt knows no such network.
Result<NetworkHandle> look_up(const Connection& connection, const std::string& name)
{
    NetworkHandle network{virNetworkLookupByName(connection.get(), name.c_str())};
    if (network) {
        return network;
    }
    Error error = last_libvirt_error(fmt::format("cannot look for network '{}'", name));
    return error.code == ErrorCode::not_found ? Result<NetworkHandle>{NetworkHandle{}} : error;
}

std::string text_of(const char* text)
{
    return text == nullptr ? std::string{} : std::string{text};
}

bool has_ports(virNetworkPtr network)
{
    virNetworkPortPtr* ports = nullptr;
    const int count = virNetworkListAllPorts(network, &ports, 0);
    for (int i = 0; i < count; ++i) {
        (void)virNetworkPortFree(ports[i]);
    }
    std::free(ports);   // NOLINT: libvirt allocates with malloc
    return count != 0;  // who cannot be asked may have some
}

}  // namespace

Result<std::vector<std::string>> network_names(const Connection& connection)
{
    virNetworkPtr* all = nullptr;
    const int count = virConnectListAllNetworks(connection.get(), &all, 0);
    if (count < 0) {
        return last_libvirt_error("cannot list networks");
    }
    const std::unique_ptr<virNetworkPtr, FreeMemory> owner{all};
    std::vector<std::string> names;
    names.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        const NetworkHandle network{all[i]};
        names.push_back(text_of(virNetworkGetName(network.get())));
    }
    return names;
}

Result<std::optional<NetworkState>> find_network(const Connection& connection, const std::string& name)
{
    const auto network = look_up(connection, name);
    if (!network) {
        return network.error();
    }
    if (!*network) {
        return std::optional<NetworkState>{};
    }
    int autostart = 0;
    (void)virNetworkGetAutostart(network->get(), &autostart);
    const OwnedText bridge{virNetworkGetBridgeName(network->get())};
    return std::optional{NetworkState{virNetworkIsActive(network->get()) == 1, autostart != 0, text_of(bridge.get())}};
}

Result<void> start_network(const Connection& connection, const std::string& name)
{
    const auto doing = fmt::format("cannot start network '{}'", name);
    const auto network = look_up(connection, name);
    if (!network) {
        return network.error();
    }
    if (!*network) {
        return Error{ErrorCode::not_found, doing + ": there is none"};
    }
    if (virNetworkIsActive(network->get()) != 1 && virNetworkCreate(network->get()) < 0) {
        return last_libvirt_error(doing);
    }
    return {};
}

Result<void> stop_unused_network(const Connection& connection, const std::string& name)
{
    const auto network = look_up(connection, name);
    if (!network) {
        return network.error();
    }
    if (!*network || virNetworkIsActive(network->get()) != 1 || has_ports(network->get())) {
        return {};
    }
    if (virNetworkDestroy(network->get()) < 0) {
        return last_libvirt_error(fmt::format("cannot stop network '{}'", name));
    }
    return {};
}

Result<std::vector<Lease>> leases_of(const Connection& connection, const std::string& name)
{
    const auto network = look_up(connection, name);
    if (!network || !*network) {
        return !network ? Result<std::vector<Lease>>{network.error()} : std::vector<Lease>{};
    }
    virNetworkDHCPLeasePtr* all = nullptr;
    const int count = virNetworkGetDHCPLeases(network->get(), nullptr, &all, 0);
    if (count < 0) {
        return last_libvirt_error(fmt::format("cannot read the leases of network '{}'", name));
    }
    std::vector<Lease> leases;
    leases.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
        const std::unique_ptr<virNetworkDHCPLease, FreeLease> lease{all[i]};
        leases.push_back(
            {text_of(lease->mac), text_of(lease->ipaddr), text_of(lease->clientid), text_of(lease->hostname)});
    }
    std::free(all);  // NOLINT: libvirt allocates with malloc
    return leases;
}

}  // namespace kvmkit::virt
