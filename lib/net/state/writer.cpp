// SPDX-License-Identifier: Apache-2.0
#include "net/state/writer.hpp"

#include "net/model/bond_rules.hpp"
#include "net/model/link_local.hpp"
#include "net/state/emit.hpp"
#include "net/state/write_routes.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

using Json = nlohmann::ordered_json;

Json value_of(const OptionSpec& spec, const LinkOption& option)
{
    const auto text = option_text(spec, option);
    switch (spec.form) {
        case OptionForm::boolean: return text == "true";
        case OptionForm::flags: return spec.words.empty() ? Json(text == "true") : Json(text);
        case OptionForm::number:
        case OptionForm::ticks:
        case OptionForm::port:
        case OptionForm::seconds: return Json::parse(text, nullptr, false);
        default: return text;
    }
}

/// Puts a value below "stp.forward-delay" into the map of "stp".
void put(Json& map, std::string_view key, Json value)
{
    const auto dot = key.find('.');
    if (dot == std::string_view::npos) {
        map[std::string{key}] = std::move(value);
    } else {
        put(map[std::string{key.substr(0, dot)}], key.substr(dot + 1), std::move(value));
    }
}

/// The options of a table that the kernel told, in the table's order.
Json options_of(const LinkOptions& options, std::span<const OptionSpec> specs)
{
    Json map = Json::object();
    for (const OptionSpec& spec : specs) {
        const LinkOption* option = find(options, spec.type);
        const bool is_list = spec.form == OptionForm::ipv4_list;
        if (option != nullptr && !(is_list && option_text(spec, *option).empty())) {
            put(map, spec.key, value_of(spec, *option));
        }
    }
    return map;
}

Json tags_of(const VlanSet& vlans)
{
    auto tags = Json::array();
    for (const VlanRange& range : vlans.ranges()) {
        tags.push_back(range.first == range.last ? Json{{"id", range.first}}
                                                 : Json{{"id-range", {{"min", range.first}, {"max", range.last}}}});
    }
    return tags;
}

bool is_on(const LinkOptions& options, std::uint16_t type)
{
    const LinkOption* option = find(options, type);
    return option != nullptr && option_number(*option).value_or(0) != 0;
}

class Writer {
public:
    Writer(const Network& network, std::span<const Link* const> links) : network_(network), links_(links) {}

    Json document()
    {
        auto interfaces = Json::array();
        std::vector<const Link*> sorted{links_.begin(), links_.end()};
        std::ranges::sort(sorted, {}, &Link::name);
        for (const Link* link : sorted) {
            if (const auto type = type_of(*link); !type.empty()) {
                interfaces.push_back(interface(*link, type));
            }
        }
        return {{"interfaces", std::move(interfaces)},
                {"routes", {{"config", describe_routes(network_, links_, notes_)}}}};
    }

    [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

private:
    /// Empty: state files do not know such links.
    static std::string_view type_of(const Link& link)
    {
        if (link.kind.empty()) {
            return link.ethernet && !link.loopback ? "ethernet" : "";
        }
        if (link.kind == "bridge") {
            return "linux-bridge";
        }
        const bool known = link.kind == "vlan" || link.kind == "bond" || link.kind == "veth" || link.kind == "dummy" ||
                           link.kind == "vxlan";
        return known ? std::string_view{link.kind} : "";
    }

    void note(const Link& link, std::string_view what)
    {
        notes_.push_back(fmt::format("{}: {}", link.name.str(), what));
    }

    /// 'down' deletes virtual links, and takes from cards what they have.
    [[nodiscard]] static std::string_view state_of(const Link& link)
    {
        if (link.up) {
            return "up";
        }
        const bool bare = link.kind.empty() && link.master == 0 && link.routes.empty() && link.addresses.empty();
        return bare ? "down" : "ignore";
    }

    Json interface(const Link& link, std::string_view type)
    {
        Json json{{"name", link.name.str()}, {"type", type}, {"state", state_of(link)}};
        if (!link.up) {
            if (!link.kind.empty()) {
                note(link, "is switched off, and left as it is");
            }
            return json;
        }
        if (link.mac) {
            json["mac-address"] = link.mac->str();
        }
        json["mtu"] = link.mtu;
        add_section(link, json);
        if (link.master == 0) {
            json["ipv4"] = ip_of(link, Family::ipv4);
            json["ipv6"] = ip_of(link, Family::ipv6);
        }
        return json;
    }

    void add_section(const Link& link, Json& json)
    {
        if (link.kind == "bridge") {
            json["bridge"] = bridge_of(link);
        } else if (link.kind == "bond") {
            json["link-aggregation"] = bond_of(link);
        } else if (link.kind == "vlan") {
            json["vlan"] = stacked(link, vlan_options());
        } else if (link.kind == "vxlan") {
            json["vxlan"] = stacked(link, vxlan_options());
        } else if (const Link* peer = link.kind == "veth" ? find(network_, link.lower) : nullptr) {
            json["veth"] = {{"peer", peer->name.str()}};
        }
    }

    Json stacked(const Link& link, std::span<const OptionSpec> specs)
    {
        Json json = Json::object();
        // A link that is named here is switched on.
        if (const Link* lower = find(network_, link.lower); lower != nullptr && lower->up) {
            json["base-iface"] = lower->name.str();
        }
        json.update(options_of(link.options, specs));
        return json;
    }

    /// Ports that stay where they are without being listed: what hypervisors and containers put there.
    [[nodiscard]] bool stays_unlisted(const Link& port) const
    {
        return port.kind == "tun" || (port.kind == "veth" && !port.up);
    }

    [[nodiscard]] std::vector<const Link*> ports_by_name(const Link& master) const
    {
        auto ports = ports_of(network_, master);
        std::ranges::sort(ports, {}, &Link::name);
        return ports;
    }

    /// A port that is listed is switched on.
    bool can_list(const Link& master, const std::vector<const Link*>& ports)
    {
        for (const Link* port : ports) {
            if (!port->up && !(master.is_bridge() && stays_unlisted(*port))) {
                note(master, fmt::format("its ports are not listed, for '{}' is switched off", port->name.str()));
                return false;
            }
        }
        return true;
    }

    Json bridge_of(const Link& bridge)
    {
        Json json{{"options", options_of(bridge.options, bridge_options())}};
        const bool filters = is_on(bridge.options, IFLA_BR_VLAN_FILTERING);
        if (filters) {
            add_vlans(bridge, bridge, json);
        }
        const auto all = ports_by_name(bridge);
        if (!can_list(bridge, all)) {
            return json;
        }
        auto ports = Json::array();
        for (const Link* port : all) {
            if (stays_unlisted(*port)) {
                continue;
            }
            Json one{{"name", port->name.str()}};
            one.update(options_of(port->port_options, bridge_port_options()));
            if (filters) {
                add_vlans(bridge, *port, one);
            }
            ports.push_back(std::move(one));
        }
        json["port"] = std::move(ports);
        return json;
    }

    /// The VLANs of a port or of the bridge itself, where the schema has words for them.
    void add_vlans(const Link& bridge, const Link& port, Json& json)
    {
        const LinkOption* usual = find(bridge.options, IFLA_BR_VLAN_DEFAULT_PVID);
        const bool none_by_default = usual != nullptr && option_number(*usual) == 0U;
        const VlanMembership vlans = port.vlans.value_or(VlanMembership{});
        VlanSet native;
        if (vlans.pvid) {
            native.add(*vlans.pvid);
        }
        const auto tagged = vlans.members.without(native);
        const bool sound = vlans.untagged == native && native.without(vlans.members).empty();
        if (!sound || (!vlans.pvid && !none_by_default)) {
            note(port, "its VLANs are left as they are, for the schema has no words for them");
            return;
        }
        json["vlan"] = Json::object();
        if (!tagged.empty()) {
            json["vlan"] = {{"mode", "trunk"}, {"trunk-tags", tags_of(tagged)}};
        }
        if (vlans.pvid && tagged.empty()) {
            json["vlan"] = {{"mode", "access"}, {"tag", *vlans.pvid}};
        } else if (vlans.pvid) {
            json["vlan"]["enable-native"] = true;
            json["vlan"]["tag"] = *vlans.pvid;
        }
    }

    Json bond_of(const Link& bond)
    {
        const LinkOption* mode = find(bond.options, IFLA_BOND_MODE);
        const auto number = mode != nullptr ? static_cast<unsigned>(option_number(*mode).value_or(0)) : 0;
        LinkOptions options = bond.options;
        std::erase_if(options, [&](const LinkOption& option) {
            const bool delay = option.type == IFLA_BOND_UPDELAY || option.type == IFLA_BOND_DOWNDELAY;
            return !bond_option_fits(option.type, number) || (delay && !is_on(bond.options, IFLA_BOND_MIIMON));
        });
        Json all = options_of(options, bond_options());
        Json json = Json::object();
        if (all.contains("mode")) {
            json["mode"] = all["mode"];
            all.erase("mode");
        }
        json["options"] = std::move(all);
        const auto ports = ports_by_name(bond);
        if (can_list(bond, ports)) {
            json["port"] = Json::array();
            for (const Link* port : ports) {
                json["port"].push_back(port->name.str());
            }
        }
        return json;
    }

    Json ip_of(const Link& link, Family family)
    {
        auto addresses = Json::array();
        bool all_known = true;  // an address that the reader would refuse is kept by not listing any
        for (const InterfaceAddress& address : link.addresses) {
            if (address.family() == family && (!address.is_ipv6_link_local() || is_set_link_local(link, address))) {
                all_known = all_known && address.is_host_address();
                const auto text = address.str();
                addresses.push_back({{"ip", text.substr(0, text.find('/'))}, {"prefix-length", address.prefix()}});
                if (find(extras_of(link, address).attributes, IFA_ADDRESS) != nullptr) {
                    note(link, fmt::format("the other end of {} is not listed: applied, it stays", text));
                }
                if (std::ranges::find(link.leased, address) != link.leased.end()) {
                    note(link, fmt::format("the lifetime of {} is not listed: applied, the address stays", text));
                }
            }
        }
        if (family == Family::ipv6 ? !link.ipv6 : addresses.empty()) {
            return {{"enabled", false}};
        }
        Json json{{"enabled", true}};
        if (family == Family::ipv6) {
            json["autoconf"] = link.autoconf;
        }
        if (all_known) {
            json["address"] = std::move(addresses);
        }
        return json;
    }

    const Network& network_;
    std::span<const Link* const> links_;
    std::vector<std::string> notes_;
};

Json resolver_json(const DesiredResolver& resolver)
{
    Json json{{"server", resolver.servers}, {"search", resolver.search}};
    if (!resolver.options.empty()) {
        json["options"] = resolver.options;
    }
    return json;
}

}  // namespace

std::string write_state(const Network& network,
                        std::span<const Link* const> links,
                        Notation notation,
                        const ToldResolver* resolver)
{
    Writer writer{network, links};
    Json document = writer.document();
    if (resolver != nullptr) {
        document["dns-resolver"] = {{resolver->is_kept ? "running" : "config", resolver_json(resolver->now)}};
    }
    if (notation == Notation::json) {
        return document.dump(2, ' ', false, Json::error_handler_t::replace) + '\n';
    }
    auto notes = writer.notes();
    notes.erase(std::unique(notes.begin(), notes.end()), notes.end());
    std::string text;
    for (const std::string& one : notes) {
        text += fmt::format("# {}\n", one);
    }
    return text + to_yaml(document);
}

}  // namespace kvmkit::net
