// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/dump.hpp"
#include "net/model/link_local.hpp"
#include "net/netlink/internal/attributes.hpp"

#include <linux/if.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

namespace kvmkit::net {
namespace {

template <std::size_t Size>
using Attributes = std::array<nlattr*, Size>;

constexpr std::array<std::string_view, 7> operational_states{
    "unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"};

std::optional<MacAddress> mac_from(const nlattr* attribute)
{
    MacAddress::Octets octets{};
    if (attribute == nullptr || nla_len(attribute) != static_cast<int>(octets.size())) {
        return std::nullopt;
    }
    std::memcpy(octets.data(), nla_data(attribute), octets.size());
    return MacAddress{octets};
}

/// Kind, what it has, and what it has as a bridge's port.
void read_link_info(Link& link, nlattr* info)
{
    Attributes<IFLA_INFO_MAX + 1> attributes{};
    if (info == nullptr || nla_parse_nested(attributes.data(), IFLA_INFO_MAX, info, nullptr) < 0) {
        return;
    }
    link.kind = text_of(attributes[IFLA_INFO_KIND]);
    nlattr* option = nullptr;
    int left = 0;
    if (nlattr* const data = attributes[IFLA_INFO_DATA]) {
        constexpr int usual_option = 8;  // header and up to four bytes; a bridge has fifty of them
        link.options.reserve(static_cast<std::size_t>(nla_len(data) / usual_option));
        nla_for_each_nested(option, data, left)
        {
            link.options.push_back({static_cast<std::uint16_t>(nla_type(option)), std::string{bytes_of(option)}});
        }
    }
    nlattr* const port = attributes[IFLA_INFO_SLAVE_DATA];
    if (port == nullptr || text_of(attributes[IFLA_INFO_SLAVE_KIND]) != "bridge") {
        return;
    }
    nla_for_each_nested(option, port, left)
    {
        link.port_options.push_back({static_cast<std::uint16_t>(nla_type(option)), std::string{bytes_of(option)}});
    }
}

std::vector<std::string> other_names_in(nlattr* properties)
{
    std::vector<std::string> names;
    nlattr* property = nullptr;
    int left = 0;
    if (properties != nullptr) {
        nla_for_each_nested(property, properties, left)
        {
            if (nla_type(property) == IFLA_ALT_IFNAME) {
                names.push_back(text_of(property));
            }
        }
    }
    return names;
}

/// The attribute of that type inside of another one, or null.
const nlattr* within(const nlattr* outer, int type)
{
    return outer == nullptr ? nullptr : nla_find(static_cast<const nlattr*>(nla_data(outer)), nla_len(outer), type);
}

/// The per-link settings of a family, which the kernel tells as an array of numbers.
struct Settings {
    int family;
    int attribute;
    std::size_t number;
};

std::optional<std::int32_t> setting(const nlattr* families, const Settings& wanted)
{
    const nlattr* const family = within(families, wanted.family);
    const nlattr* const settings = within(family, wanted.attribute);
    std::int32_t value = 0;
    if (settings == nullptr || bytes_of(settings).size() < (wanted.number + 1) * sizeof(value)) {
        return std::nullopt;
    }
    std::memcpy(&value, bytes_of(settings).data() + wanted.number * sizeof(value), sizeof(value));
    return value;
}

std::optional<std::int32_t> ipv6_setting(const nlattr* families, std::size_t number)
{
    return setting(families, {AF_INET6, IFLA_INET6_CONF, number});
}

/// The kernel's numbers for those of IPv4 begin with 1.
std::optional<std::int32_t> ipv4_setting(const nlattr* families, std::size_t number)
{
    return setting(families, {AF_INET, IFLA_INET_CONF, number - 1});
}

Link* owner_of(Network& network, int index)
{
    const Link* found = find(network, index);
    return found != nullptr ? &network.links[static_cast<std::size_t>(found - network.links.data())] : nullptr;
}

void add_entry(VlanMembership& vlans, VlanRange range, unsigned flags)
{
    if (range.first < first_vlan || range.last > last_vlan) {
        return;
    }
    vlans.members.add(range);
    if ((flags & BRIDGE_VLAN_INFO_UNTAGGED) != 0) {
        vlans.untagged.add(range);
    }
    if ((flags & BRIDGE_VLAN_INFO_PVID) != 0) {
        vlans.pvid = range.last;
    }
}

}  // namespace

void read_link(Network& network, nlmsghdr* answer)
{
    Attributes<IFLA_MAX + 1> attributes{};
    if (answer->nlmsg_type != RTM_NEWLINK ||
        nlmsg_parse(answer, sizeof(ifinfomsg), attributes.data(), IFLA_MAX, nullptr) < 0 ||
        attributes[IFLA_IFNAME] == nullptr) {
        return;
    }
    const auto* const header = static_cast<const ifinfomsg*>(nlmsg_data(answer));
    Link link{.name = LinkName::from_kernel(text_of(attributes[IFLA_IFNAME])),
              .index = header->ifi_index,
              .mac = mac_from(attributes[IFLA_ADDRESS]),
              .mtu = number_or(attributes[IFLA_MTU], 0),
              .up = (header->ifi_flags & IFF_UP) != 0,
              .running = (header->ifi_flags & IFF_RUNNING) != 0,
              .ethernet = header->ifi_type == ARPHRD_ETHER,
              .loopback = (header->ifi_flags & IFF_LOOPBACK) != 0,
              .master = static_cast<int>(number_or(attributes[IFLA_MASTER], 0)),
              .group = number_or(attributes[IFLA_GROUP], 0)};
    link.carrier = byte_or(attributes[IFLA_CARRIER], 0) != 0;
    const std::size_t number = byte_or(attributes[IFLA_OPERSTATE], 0);
    link.state = number < operational_states.size() ? operational_states.at(number) : "unknown";
    // A lower link in another namespace has a number that means nothing here.
    const bool lower_is_here = attributes[IFLA_LINK_NETNSID] == nullptr;
    link.lower = lower_is_here ? static_cast<int>(number_or(attributes[IFLA_LINK], 0)) : 0;
    link.ipv6 = ipv6_setting(attributes[IFLA_AF_SPEC], DEVCONF_DISABLE_IPV6).value_or(0) == 0;
    link.promotes_secondaries =
        ipv4_setting(attributes[IFLA_AF_SPEC], IPV4_DEVCONF_PROMOTE_SECONDARIES).value_or(0) != 0;
    link.autoconf = ipv6_setting(attributes[IFLA_AF_SPEC], DEVCONF_AUTOCONF).value_or(1) != 0;
    link.other_names = other_names_in(attributes[IFLA_PROP_LIST]);
    read_link_info(link, attributes[IFLA_LINKINFO]);
    network.links.push_back(std::move(link));
}

constexpr int newest_of_address = std::max<int>(IFA_MAX, address_maker);

/// Of what the kernel tells of an address, that which it would not have anyway: enough to make it again as it is.
AddressExtras read_extras(const ifaddrmsg& header, const Attributes<newest_of_address + 1>& told, const LinkName& link)
{
    constexpr std::uint32_t settable = IFA_F_NODAD | IFA_F_OPTIMISTIC | IFA_F_HOMEADDRESS | IFA_F_MANAGETEMPADDR |
                                       IFA_F_NOPREFIXROUTE | IFA_F_MCAUTOJOIN;
    AddressExtras extras{.scope = header.ifa_family == AF_INET ? header.ifa_scope : std::uint8_t{}};
    const auto keep = [&](std::uint16_t type) {
        if (told.at(type) != nullptr) {
            extras.attributes.push_back({type, std::string{bytes_of(told.at(type))}});
        }
    };
    if (told[IFA_LOCAL] != nullptr && bytes_of(told[IFA_LOCAL]) != bytes_of(told[IFA_ADDRESS])) {
        keep(IFA_ADDRESS);
    }
    keep(IFA_BROADCAST);
    if (text_of(told[IFA_LABEL]) != link.str()) {
        keep(IFA_LABEL);
    }
    if (const auto flags = number_or(told[IFA_FLAGS], header.ifa_flags) & settable; flags != 0) {
        extras.attributes.push_back(number_option(IFA_FLAGS, flags, sizeof(flags)));
    }
    keep(IFA_RT_PRIORITY);
    if (header.ifa_family == AF_INET6 && header.ifa_scope == RT_SCOPE_LINK) {
        keep(address_maker);
    }
    ifa_cacheinfo life{};
    if (bytes_of(told[IFA_CACHEINFO]).size() >= sizeof(life)) {
        std::memcpy(&life, bytes_of(told[IFA_CACHEINFO]).data(), sizeof(life));
        constexpr auto forever = std::numeric_limits<std::uint32_t>::max();
        if (life.ifa_prefered != forever || life.ifa_valid != forever) {
            keep(IFA_CACHEINFO);
        }
    }
    return extras;
}

void read_address(Network& network, nlmsghdr* answer)
{
    Attributes<newest_of_address + 1> attributes{};
    if (answer->nlmsg_type != RTM_NEWADDR ||
        nlmsg_parse(answer, sizeof(ifaddrmsg), attributes.data(), newest_of_address, nullptr) < 0) {
        return;
    }
    const auto* const header = static_cast<const ifaddrmsg*>(nlmsg_data(answer));
    // On point-to-point links IFA_ADDRESS is the other end.
    const nlattr* const local = attributes[IFA_LOCAL] != nullptr ? attributes[IFA_LOCAL] : attributes[IFA_ADDRESS];
    Link* const owner = owner_of(network, static_cast<int>(header->ifa_index));
    InterfaceAddress::Octets octets{};
    if (owner == nullptr || local == nullptr || bytes_of(local).size() > octets.size()) {
        return;
    }
    std::memcpy(octets.data(), nla_data(local), bytes_of(local).size());
    const auto family = header->ifa_family == AF_INET ? Family::ipv4 : Family::ipv6;
    owner->addresses.emplace_back(family, octets, header->ifa_prefixlen);
    if ((header->ifa_flags & IFA_F_PERMANENT) == 0) {
        owner->leased.push_back(owner->addresses.back());
    }
    if (auto extras = read_extras(*header, attributes, owner->name); !extras.empty()) {
        owner->extras.insert_or_assign(owner->addresses.back(), std::move(extras));
    }
}

void read_vlans(Network& network, nlmsghdr* answer)
{
    Attributes<IFLA_MAX + 1> attributes{};
    if (answer->nlmsg_type != RTM_NEWLINK ||
        nlmsg_parse(answer, sizeof(ifinfomsg), attributes.data(), IFLA_MAX, nullptr) < 0 ||
        attributes[IFLA_AF_SPEC] == nullptr) {
        return;
    }
    const auto* const header = static_cast<const ifinfomsg*>(nlmsg_data(answer));
    Link* const owner = owner_of(network, header->ifi_index);
    if (owner == nullptr) {
        return;
    }
    VlanMembership vlans;
    bool told = false;
    VlanId begin = 0;
    nlattr* entry = nullptr;
    int left = 0;
    nla_for_each_nested(entry, attributes[IFLA_AF_SPEC], left)
    {
        bridge_vlan_info info{};
        if (nla_type(entry) != IFLA_BRIDGE_VLAN_INFO || bytes_of(entry).size() < sizeof(info)) {
            continue;
        }
        std::memcpy(&info, nla_data(entry), sizeof(info));
        told = true;
        if ((info.flags & BRIDGE_VLAN_INFO_RANGE_BEGIN) != 0) {
            begin = info.vid;
            continue;
        }
        add_entry(vlans, {begin != 0 ? begin : info.vid, info.vid}, info.flags);
        begin = 0;
    }
    if (told) {
        owner->vlans = vlans;
    }
}

}  // namespace kvmkit::net
