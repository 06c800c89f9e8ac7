// SPDX-License-Identifier: Apache-2.0
#include "net/planner/codec.hpp"

#include "net/model/overloaded.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

nlohmann::json bytes_or_null(const std::optional<std::string>& text)
{
    return text ? nlohmann::json(std::vector<std::uint8_t>(text->begin(), text->end())) : nlohmann::json();
}

using Json = nlohmann::json;

Json to_json(const std::optional<std::uint32_t>& number)
{
    return number ? Json(*number) : Json();
}

Json to_json(const LinkOptions& options)
{
    Json list = Json::array();
    for (const LinkOption& option : options) {
        list.push_back({option.type, std::vector<std::uint8_t>(option.bytes.begin(), option.bytes.end())});
    }
    return list;
}

template <class T>
Json text_of(const std::optional<T>& value)
{
    return value ? Json(value->str()) : Json();
}

Json to_json(const VlanMembership& vlans)
{
    return {{"members", vlans.members.str()},
            {"untagged", vlans.untagged.str()},
            {"pvid", vlans.pvid ? Json(*vlans.pvid) : Json()}};
}

Json texts_of(const std::vector<InterfaceAddress>& addresses)
{
    auto list = Json::array();
    for (const InterfaceAddress& address : addresses) {
        list.push_back(address.str());
    }
    return list;
}

Json ways_to_json(const std::vector<RouteWay>& ways)
{
    auto list = Json::array();
    for (const RouteWay& way : ways) {
        list.push_back({{"link", way.link.str()},
                        {"gateway", text_of(way.gateway)},
                        {"weight", way.weight},
                        {"onlink", way.onlink}});
    }
    return list;
}

Json to_json(const RouteEntry& route)
{
    return {{"destination", route.destination.str()},
            {"link", text_of(route.link)},
            {"gateway", text_of(route.gateway)},
            {"source", text_of(route.source)},
            {"metric", route.metric},
            {"table", route.table},
            {"protocol", route.protocol},
            {"scope", route.scope},
            {"type", route.type},
            {"ways", ways_to_json(route.ways)},
            {"onlink", route.onlink}};
}

Json to_json(const CreateLink& link)
{
    return {{"name", link.name.str()},
            {"kind", link.kind},
            {"mac", text_of(link.mac)},
            {"mark", link.mark},
            {"mtu", to_json(link.mtu)},
            {"lower", text_of(link.lower)},
            {"peer", text_of(link.peer)},
            {"peer_mac", text_of(link.peer_mac)},
            {"index", link.index},
            {"peer_index", link.peer_index},
            {"options", to_json(link.options)},
            {"vlans", link.vlans ? to_json(*link.vlans) : Json()}};
}

Json to_json(const Attach& step)
{
    return {{"port", step.port.str()},
            {"bridge", step.bridge.str()},
            {"options", to_json(step.options)},
            {"vlans", step.vlans ? to_json(*step.vlans) : Json()},
            {"master_mac", text_of(step.master_mac)}};
}

Json to_json(const std::vector<InterfaceAddress>& addresses)
{
    Json list = Json::array();
    for (const InterfaceAddress& address : addresses) {
        list.push_back(address.str());
    }
    return list;
}

Json to_json(const AddAddress& step)
{
    return {{"name", step.name.str()},
            {"address", step.address.str()},
            {"ahead_of", to_json(step.ahead_of)},
            {"scope", step.extras.scope},
            {"options", to_json(step.extras.attributes)}};
}

Json fields_of(const Action& action)
{
    using J = Json;  // one line each
    const Overloaded fields{
        [](const CreateLink& s) { return to_json(s); },
        [](const DeleteLink& s) {
            return J{{"name", s.name.str()}, {"kind", s.kind}};
        },
        [](const Attach& s) { return to_json(s); },
        [](const Release& s) {
            return J{{"port", s.port.str()}, {"bridge", s.bridge.str()}, {"bridge_mac", text_of(s.bridge_mac)}};
        },
        [](const SwitchUp& s) {
            return J{{"name", s.name.str()}, {"group", to_json(s.group)}};
        },
        [](const SwitchDown& s) {
            return J{{"name", s.name.str()}, {"group", to_json(s.group)}};
        },
        [](const SetMtu& s) {
            return J{{"name", s.name.str()}, {"mtu", s.mtu}};
        },
        [](const SetMac& s) {
            return J{{"name", s.name.str()}, {"mac", s.mac.str()}};
        },
        [](const SetGroup& s) {
            return J{{"name", s.name.str()}, {"group", s.group}};
        },
        [](const SetOptions& s) {
            return J{{"name", s.name.str()}, {"kind", s.kind}, {"options", to_json(s.options)}};
        },
        [](const SetPortOptions& s) {
            return J{{"name", s.name.str()}, {"options", to_json(s.options)}};
        },
        [](const SetVlans& s) {
            return J{{"name", s.name.str()}, {"vlans", to_json(s.vlans)}};
        },
        [](const SetIpv6& s) {
            return J{{"name", s.name.str()}, {"autoconf", s.what == Ipv6Switch::autoconf}, {"on", s.on}};
        },
        [](const AddAddress& s) { return to_json(s); },
        [](const RemoveAddress& s) {
            return J{{"name", s.name.str()}, {"address", s.address.str()}};
        },
        [](const AddRoute& s) { return to_json(s.route); },
        [](const RemoveRoute& s) { return to_json(s.route); },
        [](const Handover& s) {
            return J{{"port", s.port.str()},
                     {"bridge", s.bridge.str()},
                     {"to", s.direction == Direction::to_bridge ? "bridge" : "port"},
                     {"snapshot", s.snapshot},
                     {"stays", texts_of(s.stays)},
                     {"bridge_mac", text_of(s.bridge_mac)}};
        },
        [](const SetResolver& s) {
            return J{{"before", bytes_or_null(s.before)}, {"after", bytes_or_null(s.after)}};
        },
        [](const SetManaged& s) {
            return J{{"link", s.name.str()}, {"managed", s.managed}};
        },
    };
    return std::visit(fields, action);
}

Json guard_to_json(const std::optional<Guard>& guard)
{
    if (!guard) {
        return {};
    }
    return {{"index", guard->index},
            {"mark", guard->mark},
            {"master", guard->master ? Json(guard->master->str()) : Json()}};
}

}  // namespace

std::string encode(const Step& step)
{
    const Json line{
        {"action", plain_word(step.action)}, {"of", fields_of(step.action)}, {"if", guard_to_json(step.guard)}};
    return line.dump(-1, ' ', true, Json::error_handler_t::replace);
}

}  // namespace kvmkit::net
