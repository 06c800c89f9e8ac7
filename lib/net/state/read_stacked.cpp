// SPDX-License-Identifier: Apache-2.0
// Links that stand on another one, or come in pairs.
#include "net/state/reader.hpp"

#include <linux/if_link.h>

#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

void read_lower(const Spot& spot, InterfaceReading& reading)
{
    reading.wanted.lower = spot.read(LinkName::parse);
    reading.lower = spot;
}

constexpr std::array<KeyRow<InterfaceReading>, 1> lower_keys{{{"base-iface", read_lower}}};

constexpr std::string_view qos_words = "set it with 'ip link set LINK type vlan', and leave the key out";
constexpr std::array<KeyRow<InterfaceReading>, 2> refused_of_vlans{
    {{"ingress-qos-map", nullptr, qos_words, true}, {"egress-qos-map", nullptr, qos_words, true}}};

/// A section of options and of the link below.
void read_stacked(const Spot& spot, const OptionTable& table, InterfaceReading& reading)
{
    for (const Spot& value : spot.entries()) {
        if (!read_entry<InterfaceReading>(value, lower_keys, reading) &&
            !read_entry<InterfaceReading>(value, refused_of_vlans, reading) &&
            !read_option_of(value, table, reading.wanted.options)) {
            auto known = keys_of(table);
            known.insert(known.begin(), "base-iface");
            complain_of_unknown(value, known);
        }
    }
}

constexpr std::array<KeyRow<InterfaceReading>, 1> veth_keys{{{"peer", [](const Spot& spot, InterfaceReading& reading) {
                                                                  reading.wanted.peer = spot.read(LinkName::parse);
                                                                  reading.peer = spot;
                                                                  if (reading.wanted.peer == reading.wanted.name) {
                                                                      spot.complain("a veth cannot be its own peer",
                                                                                    "give the other end another name");
                                                                  }
                                                              }}}};

}  // namespace

void read_vlan(const Spot& spot, InterfaceReading& reading)
{
    read_stacked(spot, {vlan_options()}, reading);
    if (reading.wanted.lower && *reading.wanted.lower == reading.wanted.name) {
        spot.near("base-iface").complain("a VLAN cannot stand on itself", "name the link below it");
    }
}

void read_vxlan(const Spot& spot, InterfaceReading& reading)
{
    read_stacked(spot, {vxlan_options()}, reading);
    const auto& options = reading.wanted.options;
    const bool ipv4 = find(options, IFLA_VXLAN_LOCAL) != nullptr || find(options, IFLA_VXLAN_GROUP) != nullptr;
    const bool ipv6 = find(options, IFLA_VXLAN_LOCAL6) != nullptr || find(options, IFLA_VXLAN_GROUP6) != nullptr;
    if (ipv4 && ipv6) {
        spot.near("remote").complain("'local' and 'remote' are of different IP families",
                                     "give both as IPv4 or both as IPv6");
    }
}

void read_veth(const Spot& spot, InterfaceReading& reading)
{
    read_map<InterfaceReading>(spot, veth_keys, reading);
}

}  // namespace kvmkit::net
