// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/address.hpp"
#include "net/model/names.hpp"
#include "net/model/option.hpp"
#include "net/model/vlans.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace kvmkit::net {

/// What an address has besides its network, as the kernel stores it.
struct AddressExtras {
    std::uint8_t scope = 0;       ///< RT_SCOPE_*, of IPv4; the kernel computes IPv6's.
    LinkOptions attributes = {};  ///< IFA_*: the other end, broadcast, label, flags, metric, lifetimes.

    [[nodiscard]] bool empty() const { return scope == 0 && attributes.empty(); }
    bool operator==(const AddressExtras&) const = default;
};

/// One link as the kernel reports it, with what hangs on it.
struct Link {
    LinkName name = LinkName::from_kernel("");
    int index = 0;
    std::string kind = {};               ///< "bridge", "veth", "tun"; empty for hardware and for lo.
    std::optional<MacAddress> mac = {};  ///< Absent on links without Ethernet addresses.
    unsigned mtu = 0;
    bool up = false;         ///< Switched on by the administrator.
    bool running = false;    ///< Can carry packets now.
    bool carrier = false;    ///< The cable, or the far end, is there.
    std::string state = {};  ///< The kernel's operational state: "up", "down", "lowerlayerdown", ...
    bool ethernet = false;   ///< Carries Ethernet frames; lo and tun links do not.
    bool loopback = false;
    bool wireless = false;
    int master = 0;  ///< Index of the bridge or bond that it is a port of; 0: none.
    std::uint32_t group = 0;
    int lower = 0;             ///< Index of the link below a VLAN or VXLAN, or of a veth's other end; 0: none here.
    LinkOptions options = {};  ///< What its kind has: IFLA_BR_*, IFLA_VLAN_*, ...
    LinkOptions port_options = {};             ///< Of a bridge's port: IFLA_BRPORT_*.
    std::optional<VlanMembership> vlans = {};  ///< Of a bridge or its port; absent: this kernel filters no VLANs.
    bool ipv6 = true;                          ///< false: switched off on this link.
    bool promotes_secondaries = false;  ///< Of IPv4 addresses, when their primary one goes; else they go with it.
    bool autoconf = true;               ///< Takes IPv6 addresses from router advertisements.
    std::vector<std::string> other_names = {};  ///< Altnames, of up to 127 bytes: the kernel finds it by them as well.
    std::vector<InterfaceAddress> addresses = {};
    std::vector<InterfaceAddress> leased = {};  ///< Those of them whose lifetime ends: DHCP's, router advertisements'.
    std::map<InterfaceAddress, AddressExtras> extras = {};  ///< Of those that have more than their network.
    std::vector<std::string> routes = {};  ///< "default", "10.0.0.0/8": those that somebody set, not the kernel itself.

    [[nodiscard]] bool is_bridge() const { return kind == "bridge"; }
    /// A VM's end of a cable: its hypervisor made it and will remove it.
    [[nodiscard]] bool is_tap() const { return kind == "tun" && ethernet; }
};

/// One way of one route as the kernel reports it. The kernel's own (to networks that addresses lie in) and those to
/// the host itself are left out.
struct Route {
    Prefix destination = Prefix::all(Family::ipv4);
    int link = 0;  ///< 0: the route throws packets away.
    std::optional<IpAddress> gateway = {};
    std::optional<IpAddress> source = {};
    std::uint32_t metric = 0;
    std::uint32_t table = 0;
    std::uint8_t protocol = 0;  ///< RTPROT_*: who set it.
    std::uint8_t scope = 0;
    std::uint8_t type = 0;     ///< RTN_*
    bool shared = false;       ///< One of several ways to the same destination, which come and go together.
    unsigned weight = 1;       ///< Of a shared one: its share of the packets, against those of the others.
    bool onlink = false;       ///< The gateway is on the link, whatever the addresses say.
    bool has_metrics = false;  ///< An MTU, a congestion window, or another value of the kernel's RTAX_*.
};

/// Where each link stands in a list of links. It belongs to that very list: of a copy, or of one that links came to or
/// went from, it knows nothing, and the list itself is searched.
class LinkMap {
public:
    LinkMap() = default;
    explicit LinkMap(const std::vector<Link>& links);

    [[nodiscard]] bool fits(const std::vector<Link>& links) const noexcept
    {
        return !names_.empty() && start_ == links.data() && size_ == links.size();
    }
    /// Its place in the list; absent: there is none.
    [[nodiscard]] std::optional<std::size_t> place(const LinkName& name) const;
    [[nodiscard]] std::optional<std::size_t> place(int index) const;
    /// The places of a master's ports, ascending.
    [[nodiscard]] std::vector<std::size_t> ports(int master) const;
    /// The places of the links that lie on one, ascending.
    [[nodiscard]] std::vector<std::size_t> above(int lower) const;

    /// Keeps up with a list that has got a link more, at its end, or whose link of that place is to count no longer.
    /// From then on it knows of no ports and of nothing above.
    void add_last(const std::vector<Link>& links);
    void forget(const Link& link);
    [[nodiscard]] bool knows_layers() const noexcept { return layers_; }

private:
    using Pairs = std::vector<std::pair<int, std::size_t>>;
    static std::vector<std::size_t> places(const Pairs& pairs, int number);

    std::unordered_map<std::string, std::size_t> names_ = {};
    std::unordered_map<int, std::size_t> indices_ = {};
    Pairs ports_ = {};
    Pairs above_ = {};
    bool layers_ = true;
    const Link* start_ = nullptr;
    std::size_t size_ = 0;
};

/// All links of one network namespace, by index, and the routes.
struct Network {
    std::vector<Link> links = {};
    std::vector<Route> routes = {};
    LinkMap map = {};  ///< Of `links`, so that finding one of thousands takes no time; may be left out.
};

/// The link of that name or index, or null. The pointer lives as long as the network is unchanged.
const Link* find(const Network& network, const LinkName& name);
const Link* find(const Network& network, int index);

/// The index of the link that this one lies on, also of a VXLAN, whose lower link is among its options; 0: none here. A
/// veth's other end is no such link.
int link_below(const Link& link);

/// Whether a gateway lies in none of a link's networks. A link-local one lies in each.
bool is_beyond(const IpAddress& gateway, const Link& link);

/// What an address of the link has besides its network; empty where it has nothing more.
const AddressExtras& extras_of(const Link& link, const InterfaceAddress& address);

/// Whether the address of a router is the other end of one of the link's addresses (IFA_ADDRESS).
bool is_other_end(const IpAddress& router, const Link& link);

/// What a link belongs to as soon as it becomes a port of that bridge.
VlanMembership vlans_of_new_port(const Link& bridge);

/// The MAC of a bridge that has no ports. Absent: it has some, whose MACs may have taken the place of its own, or none.
std::optional<MacAddress> mac_without_ports(const Network& network, const Link& bridge);

/// Whether a bridge is left without a MAC when that port leaves it: it has no other one, and its MAC is that of a link,
/// which it took over because its own is not pinned.
bool is_left_without_mac(const Network& network, const Link& bridge, const LinkName& port);

/// The ports of a bridge, by index.
std::vector<const Link*> ports_of(const Network& network, const Link& bridge);

/// The links that lie on one: VLANs, VXLANs, macvlans.
std::vector<const Link*> links_above(const Network& network, const Link& lower);

}  // namespace kvmkit::net
