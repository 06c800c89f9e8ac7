// SPDX-License-Identifier: Apache-2.0
#include "net/state/reader.hpp"

#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

struct IpReading {
    Family family = Family::ipv4;
    DesiredIp wanted = {};
    std::optional<Spot> list = {};
    bool dynamic_only = false;  ///< Some address of the list lives for a while only.
    std::vector<InterfaceAddress> lasting = {};
};

struct AddressReading {
    std::optional<Spot> ip = {};
    std::optional<Spot> length = {};
    bool ends = false;
};

void read_lifetime(const Spot& spot, AddressReading& reading)
{
    const auto text = spot.text();
    reading.ends = reading.ends || (text && *text != "forever");
}

constexpr std::array<KeyRow<AddressReading>, 5> address_keys{
    {{"ip", [](const Spot& spot, AddressReading& reading) { reading.ip = spot; }},
     {"prefix-length", [](const Spot& spot, AddressReading& reading) { reading.length = spot; }},
     {"valid-life-time", read_lifetime},
     {"preferred-life-time", read_lifetime},
     {"mptcp-flags", nullptr, "set it with 'ip mptcp endpoint'", true}}};

std::optional<InterfaceAddress> address_of(const Spot& spot, const AddressReading& reading, Family family)
{
    if (!reading.ip || !reading.length) {
        spot.complain(fmt::format("the address has no '{}'", reading.ip ? "prefix-length" : "ip"),
                      family == Family::ipv4 ? "write ip: 192.0.2.1 and prefix-length: 24"
                                             : "write ip: 2001:db8::1 and prefix-length: 64");
        return std::nullopt;
    }
    const auto ip = reading.ip->read(IpAddress::parse);
    if (ip && ip->family() != family) {
        reading.ip->complain(fmt::format("'{}' is no {} address", ip->str(), family == Family::ipv4 ? "IPv4" : "IPv6"),
                             fmt::format("it belongs below '{}'", family == Family::ipv4 ? "ipv6" : "ipv4"));
        return std::nullopt;
    }
    const auto length = reading.length->number(0, family == Family::ipv4 ? 32 : 128);
    if (!ip || !length) {
        return std::nullopt;
    }
    InterfaceAddress::Octets octets{};
    std::ranges::copy(ip->bytes(), octets.begin());
    const InterfaceAddress address{family, octets, static_cast<unsigned>(*length)};
    if (!address.is_host_address()) {
        reading.ip->complain(fmt::format("'{}' is no host's address", address.str()),
                             "give a unicast address of a host, not the network's own and no broadcast");
        return std::nullopt;
    }
    return address;
}

void read_addresses(const Spot& spot, IpReading& reading)
{
    reading.list = spot;
    reading.wanted.addresses.emplace();
    for (const Spot& item : spot.items()) {
        AddressReading one;
        read_map<AddressReading>(item, address_keys, one);
        const auto address = address_of(item, one, reading.family);
        if (!address) {
            continue;
        }
        auto& all = *reading.wanted.addresses;
        if (std::ranges::find(all, *address) != all.end()) {
            item.complain(fmt::format("the address '{}' stands twice", address->str()), "keep one of them");
            continue;
        }
        all.push_back(*address);
        if (one.ends) {
            reading.dynamic_only = true;
        } else {
            reading.lasting.push_back(*address);
        }
    }
}

/// What is so anyhow may be asked for.
void expect_true(const Spot& spot, IpReading& /*reading*/)
{
    if (spot.boolean() == false) {
        spot.complain(fmt::format("'{}: false' is not supported", spot.key()), "leave the key out");
    }
}

void expect_default_mode(const Spot& spot, IpReading& /*reading*/)
{
    const auto mode = spot.text();
    if (mode && *mode != "eui64") {
        spot.complain(fmt::format("'addr-gen-mode: {}' is not supported", *mode),
                      "set it with 'ip link set LINK addrgenmode', and leave the key out");
    }
}

constexpr std::string_view dhcp_words = "configure the DHCP client itself, and leave the key out";

constexpr std::array<KeyRow<IpReading>, 19> ip_keys{
    {{"enabled", [](const Spot& spot, IpReading& reading) { reading.wanted.enabled = spot.boolean(); }},
     {"address", read_addresses},
     {"dhcp", [](const Spot& spot, IpReading& reading) { reading.wanted.dhcp = spot.boolean(); }},
     {"auto-dns", expect_true},
     {"auto-gateway", expect_true},
     {"auto-routes", expect_true},
     {"dhcp-send-hostname", expect_true},
     {"allow-extra-address"},
     {"auto-table-id", nullptr, dhcp_words, true},
     {"auto-route-table-id", nullptr, dhcp_words, true},
     {"auto-route-metric", nullptr, dhcp_words},
     {"dhcp-client-id", nullptr, dhcp_words},
     {"dhcp-duid", nullptr, dhcp_words},
     {"dhcp-custom-hostname", nullptr, dhcp_words, true},
     {"forwarding", nullptr, "set the sysctl net.ipv4.conf.LINK.forwarding"},
     {"autoconf",
      [](const Spot& spot, IpReading& reading) {
          reading.wanted.autoconf = spot.boolean();
          if (reading.family == Family::ipv4 && reading.wanted.autoconf.value_or(false)) {
              spot.complain_of_key("IPv4 has no 'autoconf'", "write it below 'ipv6'");
          }
      }},
     {"addr-gen-mode", expect_default_mode},
     {"token", nullptr, "set it with 'ip token', and leave the key out"},
     {"ra-timeout", nullptr, dhcp_words}}};

void judge(const Spot& spot, IpReading& reading)
{
    DesiredIp& wanted = reading.wanted;
    const bool automatic = wanted.dhcp.value_or(false) || wanted.autoconf.value_or(false);
    if (automatic && reading.dynamic_only) {
        wanted.addresses = std::move(reading.lasting);  // the others come by themselves
    }
    if (wanted.enabled != false) {
        return;
    }
    if (wanted.addresses && !wanted.addresses->empty()) {
        reading.list->complain("addresses are wished, and 'enabled: false', too", "write enabled: true");
    }
    if (automatic) {
        const auto key = wanted.dhcp.value_or(false) ? "dhcp" : "autoconf";
        spot.near(key).complain(fmt::format("'{}: true' is wished, and 'enabled: false', too", key),
                                "write enabled: true");
    }
}

}  // namespace

DesiredIp read_ip(const Spot& spot, Family family)
{
    IpReading reading{family};
    reading.wanted.path = spot.path();
    read_map<IpReading>(spot, ip_keys, reading);
    judge(spot, reading);
    return std::move(reading.wanted);
}

}  // namespace kvmkit::net
