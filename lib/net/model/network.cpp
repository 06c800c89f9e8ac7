// SPDX-License-Identifier: Apache-2.0
#include "net/model/network.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>

#include <algorithm>

namespace kvmkit::net {

LinkMap::LinkMap(const std::vector<Link>& links) : start_(links.data()), size_(links.size())
{
    names_.reserve(links.size());
    indices_.reserve(links.size());
    for (std::size_t place = 0; place < links.size(); ++place) {
        const Link& link = links[place];
        names_.emplace(link.name.str(), place);
        indices_.emplace(link.index, place);
        if (link.master != 0) {
            ports_.emplace_back(link.master, place);
        }
        if (const int lower = link_below(link); lower != 0) {
            above_.emplace_back(lower, place);
        }
    }
    std::ranges::sort(ports_);
    std::ranges::sort(above_);
}

std::optional<std::size_t> LinkMap::place(const LinkName& name) const
{
    const auto found = names_.find(name.str());
    return found != names_.end() ? std::optional{found->second} : std::nullopt;
}

std::optional<std::size_t> LinkMap::place(int index) const
{
    const auto found = indices_.find(index);
    return found != indices_.end() ? std::optional{found->second} : std::nullopt;
}

std::vector<std::size_t> LinkMap::places(const Pairs& pairs, int number)
{
    std::vector<std::size_t> places;
    auto pair = std::lower_bound(pairs.begin(), pairs.end(), std::pair{number, std::size_t{0}});
    for (; pair != pairs.end() && pair->first == number; ++pair) {
        places.push_back(pair->second);
    }
    return places;
}

std::vector<std::size_t> LinkMap::ports(int master) const
{
    return places(ports_, master);
}

std::vector<std::size_t> LinkMap::above(int lower) const
{
    return places(above_, lower);
}

void LinkMap::add_last(const std::vector<Link>& links)
{
    names_.insert_or_assign(links.back().name.str(), links.size() - 1);
    indices_.insert_or_assign(links.back().index, links.size() - 1);
    start_ = links.data();
    size_ = links.size();
    layers_ = false;
}

void LinkMap::forget(const Link& link)
{
    names_.erase(link.name.str());
    indices_.erase(link.index);
    layers_ = false;
}

const Link* find(const Network& network, const LinkName& name)
{
    if (network.map.fits(network.links)) {
        const auto place = network.map.place(name);
        return place ? &network.links[*place] : nullptr;
    }
    const auto found = std::ranges::find(network.links, name, &Link::name);
    return found == network.links.end() ? nullptr : &*found;
}

const Link* find(const Network& network, int index)
{
    if (network.map.fits(network.links)) {
        const auto place = network.map.place(index);
        return place ? &network.links[*place] : nullptr;
    }
    const auto found = std::ranges::find(network.links, index, &Link::index);
    return found == network.links.end() ? nullptr : &*found;
}

int link_below(const Link& link)
{
    if (link.kind == "veth") {
        return 0;
    }
    const LinkOption* under = link.kind == "vxlan" ? find(link.options, IFLA_VXLAN_LINK) : nullptr;
    return under != nullptr ? static_cast<int>(option_number(*under).value_or(0)) : link.lower;
}

bool is_beyond(const IpAddress& gateway, const Link& link)
{
    const auto as_address =
        InterfaceAddress::parse(gateway.str() + (gateway.family() == Family::ipv4 ? "/32" : "/128"));
    return !(as_address && as_address->is_ipv6_link_local()) &&
           std::ranges::none_of(link.addresses, [&gateway](const InterfaceAddress& address) {
               return Prefix{address}.contains(gateway);
           });
}

const AddressExtras& extras_of(const Link& link, const InterfaceAddress& address)
{
    static const AddressExtras none;
    const auto found = link.extras.find(address);
    return found == link.extras.end() ? none : found->second;
}

bool is_other_end(const IpAddress& router, const Link& link)
{
    return std::ranges::any_of(link.extras, [&router](const auto& extras) {
        const LinkOption* end = find(extras.second.attributes, IFA_ADDRESS);
        return end != nullptr && end->bytes == router.bytes();
    });
}

VlanMembership vlans_of_new_port(const Link& bridge)
{
    const LinkOption* option = find(bridge.options, IFLA_BR_VLAN_DEFAULT_PVID);
    const auto pvid = static_cast<VlanId>(option != nullptr ? option_number(*option).value_or(1) : 1);
    VlanMembership vlans;
    if (pvid >= first_vlan && pvid <= last_vlan) {
        vlans.members.add(pvid);
        vlans.untagged.add(pvid);
        vlans.pvid = pvid;
    }
    return vlans;
}

namespace {

std::vector<const Link*> links_at(const Network& network, const std::vector<std::size_t>& places)
{
    std::vector<const Link*> links;
    links.reserve(places.size());
    for (const std::size_t place : places) {
        links.push_back(&network.links[place]);
    }
    return links;
}

}  // namespace

std::optional<MacAddress> mac_without_ports(const Network& network, const Link& bridge)
{
    const bool own = bridge.is_bridge() && bridge.mac && !bridge.mac->is_zero() && ports_of(network, bridge).empty();
    return own ? bridge.mac : std::nullopt;
}

bool is_left_without_mac(const Network& network, const Link& bridge, const LinkName& port)
{
    const auto ports = ports_of(network, bridge);
    const bool last = std::ranges::all_of(ports, [&port, &bridge](const Link* other) {
        return other->name == port || other->master != bridge.index;  // it has left, and the map does not know yet
    });
    return bridge.is_bridge() && last && std::ranges::any_of(network.links, [&bridge](const Link& other) {
               return other.index != bridge.index && other.mac && other.mac == bridge.mac;
           });
}

std::vector<const Link*> ports_of(const Network& network, const Link& bridge)
{
    if (network.map.fits(network.links) && network.map.knows_layers()) {
        return links_at(network, network.map.ports(bridge.index));
    }
    std::vector<const Link*> ports;
    for (const Link& link : network.links) {
        if (link.master == bridge.index) {
            ports.push_back(&link);
        }
    }
    return ports;
}

std::vector<const Link*> links_above(const Network& network, const Link& lower)
{
    if (network.map.fits(network.links) && network.map.knows_layers()) {
        return links_at(network, network.map.above(lower.index));
    }
    std::vector<const Link*> above;
    for (const Link& link : network.links) {
        if (link_below(link) == lower.index) {
            above.push_back(&link);
        }
    }
    return above;
}

}  // namespace kvmkit::net
