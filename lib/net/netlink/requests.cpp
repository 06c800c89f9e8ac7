// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/requests.hpp"

#include "net/model/overloaded.hpp"
#include "net/netlink/bridge_options.hpp"
#include "net/netlink/internal/ip_messages.hpp"
#include "net/netlink/internal/kept_mac.hpp"
#include "net/netlink/internal/vlan_requests.hpp"
#include "net/sysfs.hpp"

#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

ifinfomsg header_of(const Link& link)
{
    ifinfomsg header{};
    header.ifi_index = link.index;
    return header;
}

std::string_view bytes_of(const MacAddress& mac)
{
    const void* start = mac.octets().data();
    return {static_cast<const char*>(start), mac.octets().size()};
}

Message flags_message(const Link& link, bool up, std::optional<std::uint32_t> group)
{
    ifinfomsg header = header_of(link);
    header.ifi_change = IFF_UP;
    header.ifi_flags = up ? IFF_UP : 0;
    Message message{RTM_SETLINK, 0, header};
    if (group) {
        message.put_number(IFLA_GROUP, *group);
    }
    return message;
}

Message number_message(const Link& link, std::uint16_t type, std::uint32_t number)
{
    Message message{RTM_SETLINK, 0, header_of(link)};
    message.put_number(type, number);
    return message;
}

void put_mac(Requests& requests, const Link& link, const MacAddress& mac)
{
    requests.messages.emplace_back(RTM_SETLINK, 0, header_of(link)).put(IFLA_ADDRESS, bytes_of(mac));
    requests.readdressed = Holder{link.index, link.name.str()};
}

void put_options(Message& message, const LinkOptions& options)
{
    for (const LinkOption& option : options) {
        message.put(option.type, option.bytes);
    }
}

/// The other end of a veth, made with it.
void put_peer(Message& data, const CreateLink& link)
{
    ifinfomsg header{};
    header.ifi_index = link.peer_index;
    data.nest(VETH_INFO_PEER, [&](Message& peer) {
        peer.append(header).put_text(IFLA_IFNAME, link.peer->str()).put_number(IFLA_GROUP, link.mark);
        if (link.peer_mac) {
            peer.put(IFLA_ADDRESS, bytes_of(*link.peer_mac));
        }
    });
}

Message creation_of(const CreateLink& link, const Link* lower)
{
    ifinfomsg header{};
    header.ifi_index = link.index;
    Message message{RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, header};
    message.put_text(IFLA_IFNAME, link.name.str()).put_number(IFLA_GROUP, link.mark);
    if (link.mac) {
        message.put(IFLA_ADDRESS, bytes_of(*link.mac));
    }
    // A bridge that is told its MTU at birth forgets it when a port comes: see pinned_mtu().
    if (link.mtu && link.kind != "bridge") {
        message.put_number(IFLA_MTU, *link.mtu);
    }
    const bool below = lower != nullptr && link.kind != "vxlan";
    if (below) {
        message.put_number(IFLA_LINK, static_cast<std::uint32_t>(lower->index));
    }
    message.nest(IFLA_LINKINFO, [&](Message& info) {
        info.put_text(IFLA_INFO_KIND, link.kind);
        info.nest(IFLA_INFO_DATA, [&](Message& data) {
            put_options(data, link.options);
            if (lower != nullptr && !below) {
                data.put_number(IFLA_VXLAN_LINK, static_cast<std::uint32_t>(lower->index));
            }
            if (link.peer) {
                put_peer(data, link);
            }
        });
    });
    return message;
}

Message pinned_mtu(const CreateLink& bridge)
{
    ifinfomsg header{};
    header.ifi_index = bridge.index;
    Message message{RTM_SETLINK, 0, header};
    if (bridge.index == 0) {
        message.put_text(IFLA_IFNAME, bridge.name.str());
    }
    message.put_number(IFLA_MTU, *bridge.mtu);
    return message;
}

Message options_message(const Link& link, std::string_view kind, const LinkOptions& options)
{
    Message message{RTM_NEWLINK, 0, header_of(link)};
    message.nest(IFLA_LINKINFO, [&](Message& info) {
        info.put_text(IFLA_INFO_KIND, std::string{kind});
        info.nest(IFLA_INFO_DATA, [&](Message& data) { put_options(data, options); });
    });
    return message;
}

Message port_options_message(const Link& port, const LinkOptions& options)
{
    Message message{RTM_NEWLINK, 0, header_of(port)};
    message.nest(IFLA_LINKINFO, [&](Message& info) {
        info.put_text(IFLA_INFO_SLAVE_KIND, "bridge");
        info.nest(IFLA_INFO_SLAVE_DATA, [&](Message& data) { put_options(data, options); });
    });
    return message;
}

/// Takes away one address, and no other with it.
void put_removal(Requests& requests, const Link& link, const InterfaceAddress& address)
{
    const bool alone = address.family() == Family::ipv6 || link.promotes_secondaries;
    if (!alone) {
        requests.messages.push_back(promotion_message(link, true));
    }
    requests.messages.push_back(address_message(RTM_DELADDR, 0, link, address, extras_of(link, address)));
    if (!alone) {
        requests.messages.push_back(promotion_message(link, false));
    }
}

/// Makes the requests of each action.
class Writer {
public:
    explicit Writer(const Network& network) : network_(network) {}

    Result<Requests> operator()(const CreateLink& s) const
    {
        const Link* lower = s.lower ? find(network_, *s.lower) : nullptr;
        if (s.lower && lower == nullptr) {
            return missing(*s.lower, s);
        }
        auto requests = one(creation_of(s, lower),
                            {Request::create_link, fmt::format("cannot create {} '{}'", s.kind, s.name.str()), s.kind});
        if (s.mtu && s.kind == "bridge") {
            requests.messages.push_back(pinned_mtu(s));
        }
        if (s.vlans && s.index != 0) {
            Link as_new{.name = s.name, .index = s.index, .kind = s.kind, .options = s.options};
            as_new.vlans = vlans_of_new_port(as_new);
            append(requests, vlan_messages(as_new, *s.vlans));
        }
        return requests;
    }
    Result<Requests> operator()(const DeleteLink& s) const
    {
        return on(s.name, s, [&](const Link& link) {
            return one(Message{RTM_DELLINK, 0, header_of(link)},
                       {Request::delete_link, fmt::format("cannot delete link '{}'", s.name.str())});
        });
    }
    Result<Requests> operator()(const Attach& s) const
    {
        return on(s.port, s, [&](const Link& port) -> Result<Requests> {
            // The kernel would take it away from its present master without a word.
            if (port.master != 0) {
                return Error{ErrorCode::busy,
                             fmt::format("cannot {}: it has just become a port of another link", describe(s))};
            }
            return on(s.bridge, s, [&](const Link& bridge) { return attaching(s, port, bridge); });
        });
    }
    Result<Requests> operator()(const Release& s) const
    {
        return on(s.port, s, [&](const Link& port) {
            Requests requests{.attempt = {Request::release, fmt::format("cannot release port '{}'", s.port.str())}};
            const Link* bridge = find(network_, s.bridge);
            const bool gets_own = bridge != nullptr && s.bridge_mac && is_left_without_mac(network_, *bridge, s.port) &&
                                  (bridge->mac != s.bridge_mac || has_pinned_mac(bridge->name) != true);
            if (bridge != nullptr && !gets_own && would_change_mac(network_, *bridge, port, Passing::leaves)) {
                put_mac(requests, *bridge, *bridge->mac);
            }
            requests.messages.push_back(number_message(port, IFLA_MASTER, 0));
            if (gets_own) {
                put_mac(requests, *bridge, *s.bridge_mac);
            }
            return requests;
        });
    }
    Result<Requests> operator()(const SwitchUp& s) const
    {
        return changing(
            s.name, s, "switch link '{}' up", [&](const Link& link) { return flags_message(link, true, s.group); });
    }
    Result<Requests> operator()(const SwitchDown& s) const
    {
        return changing(
            s.name, s, "switch link '{}' down", [&](const Link& link) { return flags_message(link, false, s.group); });
    }
    Result<Requests> operator()(const SetMtu& s) const
    {
        const auto doing = fmt::format("set the MTU of link '{{}}' to {}", s.mtu);
        return changing(s.name, s, doing, [&](const Link& link) { return number_message(link, IFLA_MTU, s.mtu); });
    }
    Result<Requests> operator()(const SetMac& s) const
    {
        return on(s.name, s, [&](const Link& link) {
            Requests requests{
                .attempt = {Request::change_link, fmt::format("cannot set the MAC of link '{}'", s.name.str())}};
            put_mac(requests, link, s.mac);
            return requests;
        });
    }
    Result<Requests> operator()(const SetGroup& s) const
    {
        return changing(s.name, s, "set the group of link '{}'", [&](const Link& link) {
            return number_message(link, IFLA_GROUP, s.group);
        });
    }
    Result<Requests> operator()(const SetOptions& s) const
    {
        return on(s.name, s, [&](const Link& link) {
            Requests requests{.attempt = {Request::set_options, fmt::format("cannot {}", describe(s)), s.kind}};
            for (const LinkOptions& options : options_in_turn(s.kind, s.options)) {
                requests.messages.push_back(options_message(link, s.kind, options));
            }
            return requests;
        });
    }
    Result<Requests> operator()(const SetPortOptions& s) const
    {
        return on(s.name, s, [&](const Link& link) {
            return one(port_options_message(link, s.options),
                       {Request::set_options, fmt::format("cannot {}", describe(s)), "bridge"});
        });
    }
    Result<Requests> operator()(const SetVlans& s) const
    {
        return on(s.name, s, [&](const Link& link) {
            return Requests{vlan_messages(link, s.vlans),
                            {Request::set_vlans, fmt::format("cannot set the VLANs of '{}'", s.name.str()), "bridge"}};
        });
    }
    Result<Requests> operator()(const SetIpv6& /*s*/) const { return Requests{}; }
    Result<Requests> operator()(const Handover& /*s*/) const { return Requests{}; }
    Result<Requests> operator()(const SetResolver& /*s*/) const { return Requests{}; }
    Result<Requests> operator()(const SetManaged& /*s*/) const { return Requests{}; }
    Result<Requests> operator()(const AddAddress& s) const
    {
        return on(s.name, s, [&](const Link& link) {
            auto requests = one(
                address_message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, s.address, s.extras),
                {Request::add_address, fmt::format("cannot add address '{}' to '{}'", s.address.str(), s.name.str())});
            for (const InterfaceAddress& later : s.ahead_of) {
                if (std::ranges::find(link.addresses, later) != link.addresses.end()) {
                    put_removal(requests, link, later);
                    requests.messages.push_back(
                        address_message(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, link, later, extras_of(link, later)));
                }
            }
            return requests;
        });
    }
    Result<Requests> operator()(const RemoveAddress& s) const
    {
        return on(s.name, s, [&](const Link& link) {
            Requests requests{
                .attempt = {Request::remove_address,
                            fmt::format("cannot remove address '{}' from '{}'", s.address.str(), s.name.str())}};
            put_removal(requests, link, s.address);
            return requests;
        });
    }
    Result<Requests> operator()(const AddRoute& s) const
    {
        return routing(s.route, s, {RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, Request::add_route});
    }
    Result<Requests> operator()(const RemoveRoute& s) const
    {
        return routing(s.route, s, {RTM_DELROUTE, 0, Request::remove_route});
    }

private:
    struct Routing {
        int type;
        int flags;
        Request request;
    };

    Result<Requests> attaching(const Attach& s, const Link& port, const Link& bridge) const
    {
        Requests requests{
            .attempt = {Request::attach, fmt::format("cannot attach port '{}' to '{}'", s.port.str(), s.bridge.str())}};
        // A bond takes only ports that are off, and switches them on itself.
        if (bridge.kind == "bond" && port.up) {
            requests.messages.push_back(flags_message(port, false, {}));
        }
        if (would_change_mac(network_, bridge, port, Passing::comes)) {
            put_mac(requests, bridge, *bridge.mac);
        }
        requests.messages.push_back(number_message(port, IFLA_MASTER, static_cast<std::uint32_t>(bridge.index)));
        if (!s.options.empty()) {
            requests.messages.push_back(port_options_message(port, s.options));
        }
        if (s.vlans) {
            Link as_new = port;
            as_new.vlans = vlans_of_new_port(bridge);
            append(requests, vlan_messages(as_new, *s.vlans));
        }
        if (s.master_mac) {
            put_mac(requests, bridge, *s.master_mac);
        }
        return requests;
    }

    static void append(Requests& requests, std::vector<Message> messages)
    {
        std::ranges::move(messages, std::back_inserter(requests.messages));
    }

    static Requests one(Message message, Attempt attempt)
    {
        Requests requests{.attempt = std::move(attempt)};
        requests.messages.push_back(std::move(message));
        return requests;
    }

    static Error missing(const LinkName& name, const Action& action)
    {
        return {ErrorCode::not_found,
                fmt::format("cannot {}: link '{}' does not exist (any more)", describe(action), name.str()),
                "'net-setup show' lists the links"};
    }

    template <class Make>
    Result<Requests> on(const LinkName& name, const Action& action, Make make) const
    {
        const Link* link = find(network_, name);
        return link != nullptr ? Result<Requests>{make(*link)} : Result<Requests>{missing(name, action)};
    }

    template <class Make>
    Result<Requests> changing(const LinkName& name, const Action& action, std::string_view doing, Make make) const
    {
        return on(name, action, [&](const Link& link) {
            const auto sentence = fmt::format(fmt::runtime(doing), name.str());
            return one(make(link), {Request::change_link, "cannot " + sentence});
        });
    }

    Result<Requests> routing(const RouteEntry& route, const Action& action, const Routing& how) const
    {
        const Link* link = route.link ? find(network_, *route.link) : nullptr;
        if (route.link && link == nullptr) {
            return missing(*route.link, action);
        }
        auto message = route_message(how.type, how.flags, route, link);
        if (const LinkName* gone = put_ways(message, route, network_)) {
            return missing(*gone, action);
        }
        return one(std::move(message), {how.request, fmt::format("cannot {}", describe(action))});
    }

    const Network& network_;
};

}  // namespace

Result<Requests> requests_for(const Action& action, const Network& network)
{
    return std::visit(Writer{network}, action);
}

}  // namespace kvmkit::net
