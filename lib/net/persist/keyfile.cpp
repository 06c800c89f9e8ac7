// SPDX-License-Identifier: Apache-2.0
#include "net/persist/ini.hpp"
#include "net/persist/words.hpp"
#include "net/persist/writers.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

using enum WordForm;

constexpr std::array bridge_words{ManagerWord{"stp.enabled", "stp"},
                                  ManagerWord{"stp.forward-delay", "forward-delay"},
                                  ManagerWord{"stp.hello-time", "hello-time"},
                                  ManagerWord{"stp.max-age", "max-age"},
                                  ManagerWord{"stp.priority", "priority"},
                                  ManagerWord{"mac-ageing-time", "ageing-time"},
                                  ManagerWord{"group-forward-mask", "group-forward-mask"},
                                  ManagerWord{"vlan-filtering", "vlan-filtering"},
                                  ManagerWord{"vlan-protocol", "vlan-protocol", upper},
                                  ManagerWord{"vlan-default-pvid", "vlan-default-pvid"},
                                  ManagerWord{"vlan-stats", "vlan-stats-enabled"},
                                  ManagerWord{"multicast-snooping", "multicast-snooping"},
                                  ManagerWord{"multicast-querier", "multicast-querier"},
                                  ManagerWord{"multicast-router", "multicast-router"},
                                  ManagerWord{"multicast-query-use-ifaddr", "multicast-query-use-ifaddr"},
                                  ManagerWord{"multicast-last-member-count", "multicast-last-member-count"},
                                  ManagerWord{"multicast-last-member-interval", "multicast-last-member-interval"},
                                  ManagerWord{"multicast-membership-interval", "multicast-membership-interval"},
                                  ManagerWord{"multicast-querier-interval", "multicast-querier-interval"},
                                  ManagerWord{"multicast-query-interval", "multicast-query-interval"},
                                  ManagerWord{"multicast-query-response-interval", "multicast-query-response-interval"},
                                  ManagerWord{"multicast-startup-query-count", "multicast-startup-query-count"},
                                  ManagerWord{"multicast-startup-query-interval", "multicast-startup-query-interval"}};

constexpr std::array port_words{ManagerWord{"stp-hairpin-mode", "hairpin-mode"},
                                ManagerWord{"stp-priority", "priority"}};

constexpr std::array vlan_words{ManagerWord{"id", "id"}};

/// A bond's options bear the kernel's own names; what is on or off is a number.
Settings bond_settings(const KeptLink& bond)
{
    Settings settings = bond.settings;
    for (Setting& setting : settings) {
        if (setting.value == "true" || setting.value == "delivered") {
            setting.value = "1";
        } else if (setting.value == "false" || setting.value == "dropped") {
            setting.value = "0";
        }
    }
    return settings;
}

Result<Settings> settings_of(const KeptLink& link)
{
    if (link.kind == "bond") {
        return bond_settings(link);
    }
    const bool bridge = link.kind == "bridge";
    return translated(link,
                      link.settings,
                      bridge ? std::span<const ManagerWord>{bridge_words} : vlan_words,
                      Manager::network_manager);
}

constexpr std::uint64_t fnv_prime = 1099511628211U;

std::uint64_t hash(std::string_view text, std::uint64_t seed)
{
    for (const char letter : text) {
        seed = (seed ^ static_cast<unsigned char>(letter)) * fnv_prime;
    }
    return seed;
}

/// The same for the same name on every host: a profile that is written again is the same profile. Version 8 is the one
/// whose bits are ours to choose.
std::string uuid_of(const std::string& name)
{
    constexpr std::uint64_t one_seed = 14695981039346656037U;
    constexpr std::uint64_t other_seed = 7809847782465536322U;
    const auto text = "kvmkit.net-setup." + name;
    const auto high = hash(text, one_seed);
    const auto low = hash(text, other_seed);
    return fmt::format("{:08x}-{:04x}-8{:03x}-{:04x}-{:012x}",
                       high >> 32U,
                       (high >> 16U) & 0xffffU,
                       high & 0xfffU,
                       0x8000U | ((low >> 48U) & 0x3fffU),
                       low & 0xffffffffffffU);
}

/// "1 pvid untagged,100,200-299"
std::string vlans_text(const VlanMembership& vlans)
{
    std::vector<std::string> parts;
    for (const VlanRange& range : vlans.untagged.ranges()) {
        for (unsigned id = range.first; id <= range.last; ++id) {
            parts.push_back(fmt::format("{}{} untagged", id, vlans.pvid == id ? " pvid" : ""));
        }
    }
    if (vlans.pvid && !vlans.untagged.has(*vlans.pvid)) {
        parts.push_back(fmt::format("{} pvid", *vlans.pvid));
    }
    const auto tagged = tagged_of(vlans);
    if (!tagged.empty()) {
        parts.push_back(tagged.str());
    }
    return fmt::format("{}", fmt::join(parts, ","));
}

class Writer {
public:
    explicit Writer(const Profile& profile) : profile_(profile) {}

    Result<KeptFiles> write()
    {
        for (const KeptLink& link : profile_.links) {
            if (auto written = keyfile(link); !written) {
                return std::move(written).error();
            }
        }
        return std::move(files_);
    }

private:
    static std::string_view type_of(const KeptLink& link)
    {
        return link.kind.empty() ? "ethernet" : std::string_view{link.kind};
    }

    static std::string name_of(const KeptLink& link)
    {
        return link.port ? fmt::format("{}-port-{}", link.port->master.str(), link.name.str()) : link.name.str();
    }

    Result<void> keyfile(const KeptLink& link)
    {
        const bool known = link.kind.empty() || link.kind == "bridge" || link.kind == "vlan" || link.kind == "bond" ||
                           link.kind == "dummy";
        if (!known) {
            return cannot_say(link, fmt::format("a {} such as this", link.kind), Manager::network_manager);
        }
        IniText text{head_line(profile_)};
        connection(link, text);
        if (auto told = device(link, text); !told) {
            return told;
        }
        if (link.port) {
            if (auto told = port(link, text); !told) {
                return told;
            }
        } else {
            ip(link, Family::ipv4, text);
            ip(link, Family::ipv6, text);
        }
        files_.push_back({fmt::format("etc/NetworkManager/system-connections/net-setup-{}.nmconnection", name_of(link)),
                          text.str(),
                          0600});
        return {};
    }

    /// The priority beats profiles of the same link that were there before; 1.42 knows masters and slaves only.
    static void connection(const KeptLink& link, IniText& text)
    {
        text.section("connection")
            .put("id", "net-setup-" + name_of(link))
            .put("uuid", uuid_of(name_of(link)))
            .put("type", type_of(link))
            .put("interface-name", link.name.str())
            .put("autoconnect", "true")
            .put("autoconnect-priority", "100");
        if (link.port) {
            text.put("master", link.port->master.str());
            text.put("slave-type", link.port->of_bond ? "bond" : "bridge");
        }
        if (link.kind == "bridge" || link.kind == "bond") {
            text.put("autoconnect-slaves", "1");
        }
    }

    static Result<void> device(const KeptLink& link, IniText& text)
    {
        if (link.kind.empty() || link.mac || link.mtu) {
            text.section("ethernet");
        }
        if (link.mac) {
            text.put("cloned-mac-address", link.mac->str());
        }
        if (link.mtu) {
            text.put("mtu", fmt::format("{}", *link.mtu));
        }
        if (link.kind.empty() || link.kind == "dummy") {
            return {};
        }
        const auto settings = settings_of(link);
        if (!settings) {
            return settings.error();
        }
        text.section(link.kind);
        if (link.lower) {
            text.put("flags", "1").put("parent", link.lower->str());
        }
        for (const Setting& setting : *settings) {
            text.put(setting.key, setting.value);
        }
        if (link.kind == "bridge" && link.vlans) {
            text.put("vlans", vlans_text(*link.vlans));
        }
        return {};
    }

    static Result<void> port(const KeptLink& link, IniText& text)
    {
        if (link.port->of_bond) {
            return {};
        }
        const auto settings = translated(link, link.port->settings, port_words, Manager::network_manager);
        if (!settings) {
            return settings.error();
        }
        text.section("bridge-port");
        for (const Setting& setting : *settings) {
            text.put(setting.key, setting.value);
        }
        if (link.vlans) {
            text.put("vlans", vlans_text(*link.vlans));
        }
        return {};
    }

    static std::string_view method(const KeptLink& link, Family family, bool addressed)
    {
        const bool automatic = family == Family::ipv4 ? link.dhcp4 : link.dhcp6 || link.advertisements;
        if (automatic) {
            return "auto";
        }
        if (addressed) {
            return "manual";
        }
        return family == Family::ipv6 && link.ipv6 ? "link-local" : "disabled";
    }

    static void ip(const KeptLink& link, Family family, IniText& text)
    {
        const bool addressed = std::ranges::any_of(
            link.addresses, [family](const InterfaceAddress& address) { return address.family() == family; });
        const auto word = method(link, family, addressed);
        text.section(family == Family::ipv4 ? "ipv4" : "ipv6").put("method", word);
        if (word == "auto") {
            text.put(family == Family::ipv4 ? "dhcp-client-id" : "dhcp-duid", family == Family::ipv4 ? "mac" : "ll");
        }
        if (family == Family::ipv6 && link.ipv6) {
            text.put("addr-gen-mode", "eui64");
        }
        if (gateway_of(link, family) != nullptr) {
            text.put("route-metric", "0");  // the kernel's own: with NetworkManager's another card would be preferred
        }
        addresses(link, family, text);
        servers(link, family, text);
        routes(link, family, text);
    }

    /// Stands behind the first address; absent where there is none to stand behind.
    static const KeptRoute* gateway_of(const KeptLink& link, Family family)
    {
        const bool addressed = std::ranges::any_of(
            link.addresses, [family](const InterfaceAddress& address) { return address.family() == family; });
        const auto found = std::ranges::find_if(link.routes, [family](const KeptRoute& route) {
            return route.destination.family() == family && route.is_plain_default() && !route.on_link;
        });
        return addressed && found != link.routes.end() ? &*found : nullptr;
    }

    static void addresses(const KeptLink& link, Family family, IniText& text)
    {
        const KeptRoute* gateway = gateway_of(link, family);
        unsigned number = 0;
        for (const InterfaceAddress& address : link.addresses) {
            if (address.family() == family) {
                const bool first = ++number == 1 && gateway != nullptr;
                text.put(fmt::format("address{}", number),
                         first ? fmt::format("{},{}", address.str(), gateway->gateway->str()) : address.str());
            }
        }
    }

    static void servers(const KeptLink& link, Family family, IniText& text)
    {
        std::string list;
        for (const std::string& server : link.servers) {
            if ((server.find(':') != std::string::npos) == (family == Family::ipv6)) {
                list += server + ';';
            }
        }
        if (!list.empty()) {
            text.put("dns", list);
        }
        if (!list.empty() && !link.search.empty()) {
            text.put("dns-search", fmt::format("{};", fmt::join(link.search, ";")));
        }
    }

    static void routes(const KeptLink& link, Family family, IniText& text)
    {
        unsigned number = 0;
        for (const KeptRoute& route : link.routes) {
            if (route.destination.family() != family || &route == gateway_of(link, family)) {
                continue;
            }
            ++number;
            auto value = route.destination.str();
            if (route.gateway || route.metric != 0) {
                value += ',' + (route.gateway ? route.gateway->str() : std::string{});
            }
            if (route.metric != 0) {
                value += fmt::format(",{}", route.metric);
            }
            text.put(fmt::format("route{}", number), value);
            if (const auto options = route_options(route); !options.empty()) {
                text.put(fmt::format("route{}_options", number), options);
            }
        }
    }

    static std::string route_options(const KeptRoute& route)
    {
        std::vector<std::string> parts;
        if (route.on_link) {
            parts.emplace_back("onlink=true");
        }
        if (route.source) {
            parts.push_back("src=" + route.source->str());
        }
        if (route.table != 0) {
            parts.push_back(fmt::format("table={}", route.table));
        }
        return fmt::format("{}", fmt::join(parts, ","));
    }

    const Profile& profile_;
    KeptFiles files_;
};

}  // namespace

Result<KeptFiles> write_keyfiles(const Profile& profile)
{
    return Writer{profile}.write();
}

}  // namespace kvmkit::net
