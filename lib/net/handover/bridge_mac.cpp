// SPDX-License-Identifier: Apache-2.0
#include "net/handover/bridge_mac.hpp"

#include "net/handover/fixed_neighbours.hpp"
#include "net/sysfs.hpp"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

Order mac_order(const Link& bridge, const MacAddress& mac)
{
    ifinfomsg head{};
    head.ifi_index = bridge.index;
    Packet packet = make_packet(RTM_SETLINK, 0, head);
    const void* const octets = mac.octets().data();
    put(packet, IFLA_ADDRESS, {static_cast<const char*>(octets), mac.octets().size()});
    return {std::move(packet), {}, fmt::format("cannot set the MAC of bridge '{}'", bridge.name.str())};
}

}  // namespace

BridgeMac::BridgeMac(Channel& channel, const Network& network, const Link* bridge, const Link& port)
    : channel_(channel), network_(network), bridge_(bridge), port_(port)
{
}

Result<void> BridgeMac::pin(const std::optional<MacAddress>& before)
{
    const auto is_pinned = has_pinned_mac(bridge_->name);
    const bool was_another = before && !before->is_zero() && before != bridge_->mac;
    if (is_pinned != false && !was_another) {
        known_ = is_pinned ? bridge_->mac : std::nullopt;
        return {};
    }
    const auto mac = was_another ? before : mac_with_port(network_, *bridge_, port_);
    auto pinned = mac ? set(*mac) : Result<void>{};
    was_set_ = mac.has_value();
    known_ = pinned ? mac : std::nullopt;
    return pinned;
}

void BridgeMac::take_back() const
{
    if (was_set_ && bridge_->mac) {
        (void)give_back(*bridge_->mac);
    }
}

Result<void> BridgeMac::give_back(const MacAddress& mac) const
{
    const auto now = told();
    const bool lost_it = now && (now->is_zero() || now == port_.mac);
    return lost_it && *now != mac && !mac.is_zero() ? set(mac) : Result<void>{};
}

std::optional<MacAddress> BridgeMac::now() const
{
    const auto mac = known_ ? known_ : told();
    return mac ? mac : bridge_->mac;
}

std::optional<MacAddress> BridgeMac::told() const
{
    const auto links = channel_.list(make_packet(RTM_GETLINK, 0, ifinfomsg{}));
    for (const Packet& link : bridge_ != nullptr && links ? *links : std::vector<Packet>{}) {
        const auto bytes = attribute(link, IFLA_ADDRESS);
        MacAddress::Octets octets{};
        if (header_of<ifinfomsg>(link).ifi_index == bridge_->index && bytes && bytes->size() == octets.size()) {
            std::ranges::copy(*bytes, octets.begin());
            return MacAddress{octets};
        }
    }
    return std::nullopt;
}

Result<void> BridgeMac::set(const MacAddress& mac) const
{
    std::vector<Holder> holders;
    for (const Link* link : with_followers(network_, *bridge_)) {
        holders.push_back({link->index, link->name.str()});
    }
    const auto neighbours = orders_for_neighbours(channel_, holders);
    if (!neighbours) {
        return neighbours.error();
    }
    std::vector<Order> orders{mac_order(*bridge_, mac)};
    orders.insert(orders.end(), neighbours->begin(), neighbours->end());
    return channel_.send(orders);
}

std::optional<MacAddress> mac_with_port(const Network& network, const Link& bridge, const Link& port)
{
    auto lowest = port.mac;
    for (const Link* other : ports_of(network, bridge)) {
        if (other->mac && (!lowest || *other->mac < *lowest)) {
            lowest = other->mac;
        }
    }
    return lowest;
}

std::vector<const Link*> with_followers(const Network& network, const Link& bridge)
{
    std::vector<const Link*> links{&bridge};
    for (std::size_t i = 0; i < links.size(); ++i) {
        for (const Link* above : links_above(network, *links[i])) {
            if (above->kind == "vlan" && above->mac == bridge.mac) {
                links.push_back(above);
            }
        }
    }
    return links;
}

std::optional<MacAddress> mac_to_give_back(const Link& bridge)
{
    if (bridge.mac && !bridge.mac->is_zero()) {
        return bridge.mac;
    }
    const auto random = MacAddress::random();
    return random ? std::optional{*random} : std::nullopt;
}

}  // namespace kvmkit::net
