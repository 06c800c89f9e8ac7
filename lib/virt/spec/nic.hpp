// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kvmkit::virt {

/// A TCP port of this host that leads to one of the guest.
struct PortForward {
    std::uint16_t host = 0;
    std::uint16_t guest = 0;
};

/// QEMU's own NAT, without privilege or setup: only the ports named here lead to the guest, from this host alone.
struct UserNic {
    std::vector<PortForward> forwards = {};
};
/// One of libvirt's own networks.
struct NetworkNic {
    std::string network;
};
/// A port of a Linux bridge; with a VLAN, what the guest sends without a tag belongs to it.
struct BridgeNic {
    std::string bridge;
    std::optional<std::uint16_t> vlan = std::nullopt;
};
/// A card of its own on a link, which the host itself cannot talk to.
struct MacvtapNic {
    std::string link;
};

/// An address that the guest has without asking for one.
struct StaticIp {
    std::string cidr;  ///< "192.0.2.5/24"
    std::optional<std::string> gateway = std::nullopt;
    std::vector<std::string> dns = {};
};

/// One network card of a VM.
struct Nic {
    std::variant<UserNic, NetworkNic, BridgeNic, MacvtapNic> source = UserNic{};
    std::optional<std::string> mac = std::nullopt;  ///< Absent: one that belongs to the VM's UUID.
    std::optional<StaticIp> ip = std::nullopt;      ///< Absent: the guest asks by DHCP.
};

/// Its address: the given one, or that of the UUID, counted on for each further card.
std::string mac_of(const Nic& nic, std::string_view uuid, std::size_t index);

/// "user", "network=default", "bridge=br0,vlan=10", "macvtap=eth1"; of all cards: "none" or those with blanks between.
std::string describe(const Nic& nic);
std::string describe(const std::vector<Nic>& nics);

/// Pairs of send and receive queues: one for each vCPU up to 8, so that each vCPU serves its own.
unsigned nic_queues(unsigned vcpus) noexcept;

/// A network card as libvirt's description of a VM tells it.
struct LiveNic {
    std::string mac;
    std::string type;    ///< "bridge", "network", "user", "direct"
    std::string source;  ///< The name of the bridge, network or link; empty for "user".
    std::string link;    ///< Its end on the host: "vnet0"; empty where it has none, or while the VM is off.
    std::optional<std::uint16_t> ssh_port = std::nullopt;  ///< The host's port that leads to the guest's 22.
};

/// The cards that a description names; none for a text that is no domain.
std::vector<LiveNic> nics_in(std::string_view domain_xml);

/// The cards of a description that to_domain_xml() made, as they were wished, each with its address.
std::vector<Nic> wished_nics_in(std::string_view domain_xml);

/// Whether a description says that the guest agent has opened its port; absent: the VM has no such port.
std::optional<bool> agent_connected_in(std::string_view domain_xml);

}  // namespace kvmkit::virt
