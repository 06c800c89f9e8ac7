// SPDX-License-Identifier: Apache-2.0
#include "net/persist/sysconfig.hpp"
#include "net/persist/words.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

constexpr std::array bridge_words{ManagerWord{"stp.enabled", "STP", WordForm::yes_no},
                                  ManagerWord{"stp.forward-delay", "DELAY"}};
constexpr std::array vlan_words{ManagerWord{"id", "VLAN_ID"}};
const std::string folder = "etc/sysconfig/network-scripts/";

/// As ip-route(8) takes it, which the scripts give each line to.
std::string route_line(const KeptRoute& route, const KeptLink& link)
{
    const bool everything = route.destination.length() == 0;
    auto line = everything ? std::string{"default"} : route.destination.str();
    line += route.gateway ? fmt::format(" via {}", route.gateway->str()) : "";
    line += fmt::format(" dev {}", link.name.str());
    line += route.source ? fmt::format(" src {}", route.source->str()) : "";
    line += route.metric != 0 ? fmt::format(" metric {}", route.metric) : "";
    line += route.table != 0 ? fmt::format(" table {}", route.table) : "";
    return line + (route.on_link ? " onlink\n" : "\n");
}

class Writer {
public:
    explicit Writer(const Profile& profile) : profile_(profile) {}

    Result<KeptFiles> write()
    {
        for (const KeptLink& link : profile_.links) {
            ShellText text{head_line(profile_)};
            text.put("DEVICE", link.name.str());
            if (auto told = add_kind(link, text); !told) {
                return std::move(told).error();
            }
            text.put("ONBOOT", "yes");
            text.put("NM_CONTROLLED", "no");
            if (link.mac && link.kind == "bridge") {
                text.put("MACADDR", link.mac->str());
            }
            if (link.mtu) {
                text.put("MTU", fmt::format("{}", *link.mtu));
            }
            add_ipv4(link, text);
            add_ipv6(link, text);
            add_resolver(link, text);
            files_.push_back({folder + "ifcfg-" + link.name.str(), text.str()});
            add_routes(link);
        }
        return std::move(files_);
    }

private:
    static Result<void> add_kind(const KeptLink& link, ShellText& text)
    {
        const auto can = [&link](std::string_view what) { return cannot_say(link, what, Manager::ifcfg); };
        if (link.vlans) {
            return can("VLANs of a bridge");
        }
        if (link.port && !link.port->settings.empty()) {
            return can(fmt::format("the port's {}", link.port->settings.front().key));
        }
        if (link.port) {
            text.put(link.port->of_bond ? "MASTER" : "BRIDGE", link.port->master.str());
            if (link.port->of_bond) {
                text.put("SLAVE", "yes");
            }
        }
        if (link.kind == "bond") {
            text.put("TYPE", "Bond");
            text.put("BONDING_MASTER", "yes");
            text.put("BONDING_OPTS", bond_options(link));
            return {};
        }
        if (link.kind.empty()) {
            text.put("TYPE", "Ethernet");
            return {};
        }
        return link.kind == "bridge" || link.kind == "vlan" ? add_virtual(link, text)
                                                            : can(fmt::format("a {}", link.kind));
    }

    static Result<void> add_virtual(const KeptLink& link, ShellText& text)
    {
        const bool bridge = link.kind == "bridge";
        const auto told = translated(
            link, link.settings, bridge ? std::span<const ManagerWord>{bridge_words} : vlan_words, Manager::ifcfg);
        if (!told) {
            return told.error();
        }
        text.put("TYPE", bridge ? "Bridge" : "Vlan");
        if (!bridge) {
            const auto usual = fmt::format("{}.{}", link.lower->str(), value_of(link.settings, "id"));
            if (link.name.str() != usual) {
                return cannot_say(link, fmt::format("a VLAN that is not named {}", usual), Manager::ifcfg);
            }
            text.put("VLAN", "yes");
            text.put("PHYSDEV", link.lower->str());
        }
        for (const Setting& setting : *told) {
            text.put(setting.key, setting.value);
        }
        return {};
    }

    static void add_ipv4(const KeptLink& link, ShellText& text)
    {
        text.put("BOOTPROTO", link.dhcp4 ? "dhcp" : "none");
        std::string number;
        unsigned next = 0;
        for (const InterfaceAddress& address : link.addresses) {
            if (is_ipv4(address)) {
                const auto all = address.str();
                text.put("IPADDR" + number, all.substr(0, all.find('/')));
                text.put("PREFIX" + number, fmt::format("{}", address.prefix()));
                number = fmt::format("{}", ++next);
            }
        }
        for (const KeptRoute& route : link.routes) {
            if (is_ipv4(route) && is_first_default(route, link)) {
                text.put("GATEWAY", route.gateway->str());
                text.put("DEFROUTE", "yes");
            }
        }
    }

    static void add_ipv6(const KeptLink& link, ShellText& text)
    {
        std::vector<std::string> addresses;
        for (const InterfaceAddress& address : link.addresses) {
            if (!is_ipv4(address)) {
                addresses.push_back(address.str());
            }
        }
        const bool on = !link.is_port() && link.ipv6;
        text.put("IPV6INIT", on ? "yes" : "no");
        if (!on) {
            return;
        }
        text.put("IPV6_AUTOCONF", link.advertisements ? "yes" : "no");
        if (link.dhcp6) {
            text.put("DHCPV6C", "yes");
        }
        if (!addresses.empty()) {
            text.put("IPV6ADDR", addresses.front());
            addresses.erase(addresses.begin());
        }
        if (!addresses.empty()) {
            text.put("IPV6ADDR_SECONDARIES", fmt::format("{}", fmt::join(addresses, " ")));
        }
        for (const KeptRoute& route : link.routes) {
            if (!is_ipv4(route) && is_first_default(route, link)) {
                text.put("IPV6_DEFAULTGW", route.gateway->str());
            }
        }
    }

    static void add_resolver(const KeptLink& link, ShellText& text)
    {
        unsigned number = 0;
        for (const std::string& server : link.servers) {
            text.put(fmt::format("DNS{}", ++number), server);
        }
        if (!link.search.empty()) {
            text.put("DOMAIN", fmt::format("{}", fmt::join(link.search, " ")));
        }
    }

    /// The one that the link's own file has words for.
    static bool is_first_default(const KeptRoute& route, const KeptLink& link)
    {
        const auto first = std::ranges::find_if(link.routes, [&route](const KeptRoute& one) {
            return is_ipv4(one) == is_ipv4(route) && one.is_plain_default() && !one.on_link;
        });
        return first != link.routes.end() && *first == route;
    }

    void add_routes(const KeptLink& link)
    {
        for (const bool ipv4 : {true, false}) {
            std::string text;
            for (const KeptRoute& route : link.routes) {
                if (is_ipv4(route) == ipv4 && !is_first_default(route, link)) {
                    text += route_line(route, link);
                }
            }
            if (!text.empty()) {
                const auto name = fmt::format("{}route{}-{}", folder, ipv4 ? "" : "6", link.name.str());
                files_.push_back({name, head_line(profile_) + text});
            }
        }
    }

    const Profile& profile_;
    KeptFiles files_;
};

}  // namespace

Result<KeptFiles> write_ifcfg(const Profile& profile)
{
    return Writer{profile}.write();
}

}  // namespace kvmkit::net
