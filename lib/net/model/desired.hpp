// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/address.hpp"
#include "net/model/names.hpp"
#include "net/model/option.hpp"
#include "net/model/vlans.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::net {

/// Where a wish stands in its state file: "interfaces[0].bridge.port[1]". Empty: no file asked for it.
using KeyPath = std::string;

/// The VLANs of a port, as wished: `native` comes and leaves untagged, `tagged` with a tag. Neither: what a new port
/// has.
struct DesiredVlans {
    std::optional<VlanId> native = {};
    VlanSet tagged = {};

    bool operator==(const DesiredVlans&) const = default;
};

/// A port of a bridge or of a bond.
struct DesiredPort {
    LinkName name = LinkName::from_kernel("");
    LinkOptions options = {};                ///< IFLA_BRPORT_*; those not named are kept.
    std::optional<DesiredVlans> vlans = {};  ///< Absent: keep.
    KeyPath path = {};
};

/// One IP family of an interface. What is absent is kept.
struct DesiredIp {
    std::optional<bool> enabled = {};  ///< false: no address at all.
    std::optional<bool> dhcp = {};
    std::optional<bool> autoconf = {};                            ///< IPv6: addresses by router advertisements.
    std::optional<std::vector<InterfaceAddress>> addresses = {};  ///< All that are wanted, in the kernel's order.
    KeyPath path = {};
};

enum class DesiredState { up, down, absent, ignore };

/// One interface. What is absent is kept, or the kernel's default where the interface is new.
struct DesiredInterface {
    LinkName name = LinkName::from_kernel("");
    std::optional<std::string> kind = {};  ///< The kernel's word: "bridge", "vlan", "bond"; "": hardware. Absent: any.
    DesiredState state = DesiredState::up;
    bool keeps_switch = false;  ///< With `up`: whether it, and its ports, are switched on is kept.
    std::optional<MacAddress> mac = {};
    std::optional<unsigned> mtu = {};
    std::optional<std::string> controller = {};  ///< The bridge or bond that it is to be a port of; "": none.
    std::optional<LinkName> lower = {};          ///< Of a VLAN or a VXLAN: the interface below.
    std::optional<LinkName> peer = {};           ///< Of a veth: the other end.
    LinkOptions options = {};                    ///< What its kind has: IFLA_BR_*, IFLA_BOND_*, IFLA_VLAN_*, ...
    std::optional<std::vector<DesiredPort>> ports = {};
    bool keep_foreign_ports = true;              ///< Taps and containers' ends that are not in `ports` stay.
    std::optional<DesiredVlans> own_vlans = {};  ///< Of a bridge: those that the host itself sees.
    std::optional<LinkName> moves_ip_from = {};  ///< This link's addresses and routes are to move here.
    DesiredIp ipv4 = {};
    DesiredIp ipv6 = {};
    KeyPath path = {};
};

/// A route. `absent`: all that match what is given are to go.
struct DesiredRoute {
    bool absent = false;
    std::optional<Prefix> destination = {};
    std::optional<LinkName> link = {};
    std::optional<IpAddress> gateway = {};
    std::optional<std::uint32_t> metric = {};
    std::optional<std::uint32_t> table = {};
    std::optional<IpAddress> source = {};
    std::optional<unsigned> weight = {};  ///< With it, all to this destination are the ways of one route.
    std::optional<std::uint8_t> type =
        {};                ///< RTN_BLACKHOLE, RTN_UNREACHABLE or RTN_PROHIBIT; absent: an ordinary one.
    bool on_link = false;  ///< The gateway is on the link, whatever the addresses say. A route is the same without it.
    KeyPath path = {};
};

/// What a resolver asks. All given lists replace what is there.
struct DesiredResolver {
    std::vector<std::string> servers = {};
    std::vector<std::string> search = {};
    std::vector<std::string> options = {};
    KeyPath path = {};
};

/// The wished state of a host's network. Interfaces that are not named stay as they are.
struct DesiredNetwork {
    std::vector<DesiredInterface> interfaces = {};
    std::vector<DesiredRoute> routes = {};
    std::optional<DesiredResolver> resolver = {};
};

}  // namespace kvmkit::net
