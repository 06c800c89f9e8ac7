// SPDX-License-Identifier: Apache-2.0
#include "net/state/reader.hpp"

#include <linux/if_link.h>

#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// The kernel's own keys beside those of the table; what it counts can be read only.
constexpr std::array<std::string_view, 8> told_options{"gc-timer",
                                                       "hello-timer",
                                                       "tcn-timer",
                                                       "topology-change-timer",
                                                       "root-id",
                                                       "bridge-id",
                                                       "root-port",
                                                       "hash-elasticity"};
constexpr std::array bridge_aliases{Alias{"group-fwd-mask", "group-forward-mask"}};
constexpr std::array port_aliases{Alias{"hairpin", "stp-hairpin-mode"}, Alias{"group-fwd-mask", "group-forward-mask"}};

OptionTable options_table()
{
    return {bridge_options(), {}, bridge_aliases};
}

OptionTable ports_table()
{
    return {bridge_port_options(), {}, port_aliases};
}

bool is_told(std::string_view name)
{
    return std::ranges::find(told_options, name) != told_options.end();
}

void read_spanning_tree(const Spot& stp, LinkOptions& options)
{
    const OptionTable table{bridge_options(), "stp."};
    for (const Spot& value : stp.entries()) {
        if (!read_option_of(value, table, options)) {
            complain_of_unknown(value, keys_of(table));
        }
    }
    const LinkOption* on = find(options, IFLA_BR_STP_STATE);
    const LinkOption* delay = find(options, IFLA_BR_FORWARD_DELAY);
    constexpr std::uint64_t least_ticks = 200;
    if (on != nullptr && option_number(*on) == 1U && delay != nullptr && option_number(*delay) < least_ticks) {
        stp.near("forward-delay")
            .complain("with spanning tree on, the kernel takes no such forward delay", "give seconds from 2 to 30");
    }
}

/// The kernel never forwards frames of spanning tree, pause frames and LACP. Ports may be told to, but for pause
/// frames.
void judge_mask(const Spot& spot, const LinkOption* mask, std::uint64_t never)
{
    if (mask == nullptr || (option_number(*mask).value_or(0) & never) == 0) {
        return;
    }
    const auto named = spot.entry("group-forward-mask");
    const auto value = named ? named : spot.entry("group-fwd-mask");
    value->complain(fmt::format("the kernel forwards no frames of the bits {:#x}", never),
                    "clear these bits: 0x1 is spanning tree, 0x2 pause frames, 0x4 LACP");
}

/// The kernel takes no other one, and does not say so.
void judge_group_address(const Spot& spot, const LinkOption* address)
{
    constexpr std::string_view reserved{"\x01\x80\xc2\x00\x00", 5};
    constexpr unsigned last_of_others = 3;
    constexpr unsigned last = 15;
    const auto written = spot.entry("group-addr");
    if (!written || address == nullptr) {
        return;
    }
    const auto ending = static_cast<unsigned char>(address->bytes.back());
    const bool of_others = ending != 0 && ending <= last_of_others;
    if (!address->bytes.starts_with(reserved) || ending > last || of_others) {
        written->complain(
            fmt::format("'{}' is no group address of a bridge", written->node().text),
            "give 01:80:c2:00:00:00, or one from 01:80:c2:00:00:04 to 01:80:c2:00:00:0f: those between are "
            "of pause frames, LACP and 802.1X");
    }
}

void read_options(const Spot& spot, InterfaceReading& reading)
{
    LinkOptions& options = reading.wanted.options;
    for (const Spot& value : spot.entries()) {
        if (value.key() == "stp") {
            read_spanning_tree(value, options);
        } else if (!is_told(value.key()) && !read_option_of(value, options_table(), options)) {
            complain_of_unknown(value, keys_of(options_table()));
        }
    }
    judge_aliases(spot, options_table());
    constexpr std::uint64_t never = 7;
    judge_mask(spot, find(options, IFLA_BR_GROUP_FWD_MASK), never);
    judge_group_address(spot, find(options, IFLA_BR_GROUP_ADDR));
}

void read_port_key(const Spot& value, DesiredPort& port)
{
    if (value.key() == "name") {
        const auto name = value.read(LinkName::parse);
        port.name = name.value_or(port.name);
    } else if (value.key() == "vlan") {
        port.vlans = value.is_nothing() ? std::nullopt : read_vlans(value);
    } else if (!read_option_of(value, ports_table(), port.options)) {
        auto known = keys_of(ports_table());
        known.insert(known.begin(), {"name", "vlan"});
        complain_of_unknown(value, known);
    }
}

DesiredPort read_port(const Spot& spot)
{
    DesiredPort port;
    port.path = spot.path();
    for (const Spot& value : spot.entries()) {
        read_port_key(value, port);
    }
    judge_aliases(spot, ports_table());
    constexpr std::uint64_t never = 2;
    judge_mask(spot, find(port.options, IFLA_BRPORT_GROUP_FWD_MASK), never);
    if (spot.node().kind != Node::Kind::scalar && find(spot.node(), "name") == nullptr) {
        spot.complain("the port has no 'name'", "write name: and the link's name");
    }
    return port;
}

void read_ports(const Spot& spot, InterfaceReading& reading)
{
    if (reading.ports) {
        spot.complain_of_key("'port' and 'ports' are one key, and both are given", "keep 'port'");
        return;
    }
    reading.ports = spot;
    auto& ports = reading.wanted.ports.emplace();
    for (const Spot& item : spot.items()) {
        ports.push_back(read_port(item));
    }
}

constexpr std::array<KeyRow<InterfaceReading>, 5> bridge_keys{
    {{"options", read_options},
     {"port", read_ports},
     {"ports", read_ports},
     {"ports-policy",
      [](const Spot& spot, InterfaceReading& reading) {
          const auto policy = spot.text();
          if (policy && *policy != "exact" && *policy != "keep-foreign") {
              spot.complain(fmt::format("'{}' is no policy for ports", *policy), "write exact or keep-foreign");
          }
          reading.wanted.keep_foreign_ports = policy != "exact";
      }},
     {"vlan", [](const Spot& spot, InterfaceReading& reading) { reading.wanted.own_vlans = read_vlans(spot); }}}};

bool asks_for_vlans(const std::optional<DesiredVlans>& vlans)
{
    return vlans && *vlans != DesiredVlans{};
}

/// Whether some VLAN is asked for: a bridge that filters none would not look at it.
bool asks_for_vlans(const DesiredInterface& bridge)
{
    const auto in_port = [](const DesiredPort& port) { return asks_for_vlans(port.vlans); };
    return asks_for_vlans(bridge.own_vlans) || (bridge.ports && std::ranges::any_of(*bridge.ports, in_port));
}

}  // namespace

void read_bridge(const Spot& spot, InterfaceReading& reading)
{
    read_map<InterfaceReading>(spot, bridge_keys, reading);
    LinkOptions& options = reading.wanted.options;
    if (find(options, IFLA_BR_VLAN_FILTERING) == nullptr && asks_for_vlans(reading.wanted)) {
        options.push_back(number_option(IFLA_BR_VLAN_FILTERING, 1, 1));
    }
}

}  // namespace kvmkit::net
