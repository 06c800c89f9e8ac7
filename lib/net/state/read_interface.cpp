// SPDX-License-Identifier: Apache-2.0
#include "net/state/reader.hpp"

#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

/// A type of the schema: the kernel's word for it, and the section that its links have.
struct Type {
    std::string_view name;
    std::string_view kind;
    std::string_view section = {};
    void (*read)(const Spot&, InterfaceReading&) = nullptr;
};

constexpr std::array<Type, 7> types{{{"ethernet", ""},
                                     {"linux-bridge", "bridge", "bridge", read_bridge},
                                     {"vlan", "vlan", "vlan", read_vlan},
                                     {"bond", "bond", "link-aggregation", read_bond},
                                     {"veth", "veth", "veth", read_veth},
                                     {"dummy", "dummy"},
                                     {"vxlan", "vxlan", "vxlan", read_vxlan}}};

struct OtherType {
    std::string_view name;
    std::string_view instead;
};

constexpr std::string_view ovs_words = "Open vSwitch keeps its own database: use ovs-vsctl, or type linux-bridge";

constexpr std::array<OtherType, 17> other_types{
    {{"ovs-bridge", ovs_words},
     {"ovs-interface", ovs_words},
     {"mac-vlan", "use type linux-bridge with veth or tap ports, or 'ip link add ... type macvlan'"},
     {"mac-vtap", "VMs are connected through type linux-bridge; libvirt makes macvtap links itself"},
     {"ipvlan", "use type linux-bridge, or 'ip link add ... type ipvlan'"},
     {"vrf", "use 'ip link add ... type vrf'"},
     {"loopback", "the kernel keeps lo; leave this entry out"},
     {"infiniband", "only links that carry Ethernet are set"},
     {"macsec", "use 'ip macsec'"},
     {"ipsec", "use libreswan or strongSwan"},
     {"xfrm", "use 'ip link add ... type xfrm'"},
     {"hsr", "use 'ip link add ... type hsr'"},
     {"tun", "hypervisors make their taps themselves; leave this entry out"},
     {"team", "use type bond"},
     {"bridge", "write linux-bridge"},
     {"wifi", "wpa_supplicant or iwd sets it; leave this entry out"},
     {"wireguard", "use 'wg' or wg-quick"}}};

std::vector<std::string> type_names()
{
    std::vector<std::string> names;
    names.reserve(types.size());
    std::ranges::transform(types, std::back_inserter(names), [](const Type& type) { return std::string{type.name}; });
    return names;
}

const Type* find_type(std::string_view name)
{
    const auto found = std::ranges::find(types, name, &Type::name);
    return found == types.end() ? nullptr : &*found;
}

void complain_of_type(const Spot& spot, std::string_view name)
{
    const auto other = std::ranges::find(other_types, name, &OtherType::name);
    if (other != other_types.end()) {
        spot.complain(fmt::format("type '{}' is not supported", name), std::string{other->instead});
        return;
    }
    spot.complain(fmt::format("'{}' is no type of an interface", name),
                  fmt::format("write one of {}", fmt::join(type_names(), ", ")));
}

void read_type(const Spot& spot, InterfaceReading& reading)
{
    const auto name = spot.text();
    if (!name || *name == "unknown") {
        return;
    }
    reading.type = *name;
    if (const Type* type = find_type(*name)) {
        reading.wanted.kind = std::string{type->kind};
        return;
    }
    complain_of_type(spot, *name);
}

void read_name(const Spot& spot, InterfaceReading& reading)
{
    if (spot.node().kind == Node::Kind::scalar && spot.node().text.size() > max_link_name) {
        reading.too_long_name = spot;
        return;
    }
    if (const auto name = spot.read(LinkName::parse)) {
        reading.wanted.name = *name;
        reading.name = spot;
    }
}

std::optional<DesiredState> state_of(std::string_view word)
{
    if (word == "up") {
        return DesiredState::up;
    }
    if (word == "down") {
        return DesiredState::down;
    }
    if (word == "absent") {
        return DesiredState::absent;
    }
    return word == "ignore" ? std::optional{DesiredState::ignore} : std::nullopt;
}

void read_state(const Spot& spot, InterfaceReading& reading)
{
    const auto word = spot.text();
    const auto state = state_of(word.value_or("up"));
    if (!state) {
        spot.complain(fmt::format("'{}' is no state of an interface", *word), "write up, down, absent or ignore");
    }
    reading.wanted.state = state.value_or(DesiredState::up);
}

void read_mac(const Spot& spot, InterfaceReading& reading)
{
    reading.wanted.mac = spot.read(MacAddress::parse);
    const auto& mac = reading.wanted.mac;
    if (mac && (mac->is_zero() || (mac->octets()[0] & 1U) != 0)) {
        spot.complain(fmt::format("'{}' is no address of one link", mac->str()),
                      "the first octet must be even, as in 52:54:00:12:34:56");
    }
}

void read_mtu(const Spot& spot, InterfaceReading& reading)
{
    constexpr std::uint64_t least = 68;
    constexpr std::uint64_t most = 65535;
    if (const auto mtu = spot.number(least, most)) {
        reading.wanted.mtu = static_cast<unsigned>(*mtu);
        reading.mtu = spot;
    }
}

void read_controller(const Spot& spot, InterfaceReading& reading)
{
    const auto name = spot.text();
    if (!name || (!name->empty() && !spot.take(LinkName::parse(*name)))) {
        return;
    }
    reading.wanted.controller = *name;
    reading.controller = spot;
}

void read_ip_mover(const Spot& spot, InterfaceReading& reading)
{
    reading.moves_ip_from = spot;
    const auto text = spot.text();
    if (text && *text != "auto") {
        reading.wanted.moves_ip_from = spot.take(LinkName::parse(*text));
    }
}

void expect_word(const Spot& spot, std::string_view wanted, std::string_view hint)
{
    const auto word = spot.text();
    if (word && *word != wanted) {
        spot.complain(fmt::format("'{}: {}' is not supported", spot.key(), *word), std::string{hint});
    }
}

constexpr std::string_view no_manager = "it is a setting of NetworkManager's; leave the key out";

constexpr std::array<KeyRow<InterfaceReading>, 45> interface_keys{
    {{"name", read_name},
     {"type", read_type},
     {"state", read_state},
     {"mac-address", read_mac},
     {"mtu", read_mtu},
     {"controller", read_controller},
     {"master", nullptr, "write 'controller'"},
     {"move-ip-from", read_ip_mover},
     {"ipv4", [](const Spot& spot, InterfaceReading& r) { r.wanted.ipv4 = read_ip(spot, Family::ipv4); }},
     {"ipv6", [](const Spot& spot, InterfaceReading& r) { r.wanted.ipv6 = read_ip(spot, Family::ipv6); }},
     {"bridge"},
     {"vlan"},
     {"link-aggregation"},
     {"veth"},
     {"vxlan"},
     {"description"},
     {"profile-name"},
     {"driver"},
     {"min-mtu"},
     {"max-mtu"},
     {"permanent-mac-address"},
     {"identifier",
      [](const Spot& spot, InterfaceReading& /*reading*/) { expect_word(spot, "name", "name the interface itself"); }},
     {"wait-ip",
      [](const Spot& spot, InterfaceReading& /*reading*/) {
          expect_word(spot, "any", "leave the key out: net-setup does not wait for addresses");
      }},
     {"accept-all-mac-addresses", nullptr, "use 'ip link set LINK promisc on'", true},
     {"copy-mac-from", nullptr, "write the address itself as mac-address"},
     {"alt-names", nullptr, "use 'ip link property add'", true},
     {"ethernet", nullptr, "use ethtool for speed, duplex and virtual functions"},
     {"ethtool", nullptr, "use ethtool itself, from a udev rule or a unit of systemd"},
     {"lldp", nullptr, "use lldpd", true},
     {"mptcp", nullptr, "use 'ip mptcp'", true},
     {"802.1x", nullptr, "use wpa_supplicant with its wired driver"},
     {"dispatch", nullptr, no_manager},
     {"ovs-db", nullptr, ovs_words, true},
     {"patch", nullptr, ovs_words},
     {"dpdk", nullptr, ovs_words},
     {"mac-vlan", nullptr, "only the types of net-setup are set"},
     {"mac-vtap", nullptr, "only the types of net-setup are set"},
     {"ipvlan", nullptr, "only the types of net-setup are set"},
     {"vrf", nullptr, "use 'ip link add ... type vrf'"},
     {"infiniband", nullptr, "only links that carry Ethernet are set"},
     {"macsec", nullptr, "use 'ip macsec'"},
     {"libreswan", nullptr, "use libreswan itself"},
     {"xfrm", nullptr, "use 'ip link add ... type xfrm'"},
     {"hsr", nullptr, "use 'ip link add ... type hsr'"},
     {"linux-bridge", nullptr, "the section's name is 'bridge'; linux-bridge is the type"}}};

/// Reads the section of the interface's type, and refuses those of others.
void read_sections(const Spot& spot, InterfaceReading& reading)
{
    for (const Type& type : types) {
        const auto section = type.section.empty() ? std::nullopt : spot.entry(type.section);
        if (!section) {
            continue;
        }
        // A veth is hardware to those who look from the other side.
        const bool fits = reading.type == type.name || (reading.type == "ethernet" && type.name == "veth");
        if (!reading.type.empty() && !fits) {
            section->complain_of_key(fmt::format("'{}' does not belong to type {}", type.section, reading.type),
                                     fmt::format("write type: {}, or leave '{}' out", type.name, type.section));
            continue;
        }
        if (reading.type.empty() && reading.wanted.kind && *reading.wanted.kind != type.kind) {
            section->complain_of_key("the sections are those of two types", "write the type, and its section alone");
            continue;
        }
        reading.wanted.kind = std::string{type.kind};
        type.read(*section, reading);
    }
}

/// Of a bridge with one port there is one link only that can be meant.
void find_ip_mover(InterfaceReading& reading)
{
    if (!reading.moves_ip_from || reading.moves_ip_from->node().text != "auto") {
        return;
    }
    const auto& ports = reading.wanted.ports;
    if (!ports || ports->size() != 1) {
        reading.moves_ip_from->complain("'auto' needs exactly one port", "name the link whose addresses are to move");
        return;
    }
    reading.wanted.moves_ip_from = ports->front().name;
}

/// Of a type that is not supported nothing more is said: its sections are not supported, either.
bool has_foreign_type(const Spot& spot)
{
    const Node* type = find(spot.node(), "type");
    const bool is_word = type != nullptr && type->kind == Node::Kind::scalar;
    return is_word && type->text != "unknown" && find_type(type->text) == nullptr;
}

bool is_ignored(const Spot& spot)
{
    const auto state = spot.entry("state");
    return state && state->node().text == "ignore";
}

/// Of an interface that is to be left alone only the name counts.
InterfaceReading read_ignored(const Spot& spot)
{
    InterfaceReading reading{spot};
    reading.wanted.state = DesiredState::ignore;
    reading.wanted.path = spot.path();
    if (const auto name = spot.entry("name")) {
        reading.wanted.name = LinkName::from_kernel(name->text().value_or(""));
        reading.name = name;
    }
    return reading;
}

}  // namespace

InterfaceReading read_interface(const Spot& spot)
{
    if (is_ignored(spot)) {
        return read_ignored(spot);
    }
    InterfaceReading reading{spot};
    reading.wanted.path = spot.path();
    reading.wanted.ipv4.path = reading.wanted.path + ".ipv4";
    reading.wanted.ipv6.path = reading.wanted.path + ".ipv6";
    if (has_foreign_type(spot)) {
        read_type(*spot.entry("type"), reading);
        return reading;
    }
    read_map<InterfaceReading>(spot, interface_keys, reading);
    read_sections(spot, reading);
    find_ip_mover(reading);
    if (spot.node().kind != Node::Kind::scalar && !spot.entry("name")) {
        spot.complain("the interface has no 'name'", "write name: and the link's name");
    }
    return reading;
}

}  // namespace kvmkit::net
