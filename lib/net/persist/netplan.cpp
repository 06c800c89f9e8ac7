// SPDX-License-Identifier: Apache-2.0
#include "net/persist/words.hpp"
#include "net/persist/writers.hpp"
#include "net/state/emit.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

using Json = nlohmann::ordered_json;
using enum WordForm;

constexpr std::array bridge_words{ManagerWord{"stp.enabled", "stp"},
                                  ManagerWord{"stp.forward-delay", "forward-delay"},
                                  ManagerWord{"stp.hello-time", "hello-time"},
                                  ManagerWord{"stp.max-age", "max-age"},
                                  ManagerWord{"stp.priority", "priority"},
                                  ManagerWord{"mac-ageing-time", "ageing-time"}};

constexpr std::array vlan_words{ManagerWord{"id", "id"}};

constexpr std::array bond_words{ManagerWord{"mode", "mode"},
                                ManagerWord{"xmit_hash_policy", "transmit-hash-policy"},
                                ManagerWord{"lacp_rate", "lacp-rate"},
                                ManagerWord{"miimon", "mii-monitor-interval"},
                                ManagerWord{"updelay", "up-delay"},
                                ManagerWord{"downdelay", "down-delay"},
                                ManagerWord{"min_links", "min-links"},
                                ManagerWord{"ad_select", "ad-select"},
                                ManagerWord{"fail_over_mac", "fail-over-mac-policy"},
                                ManagerWord{"arp_interval", "arp-interval"},
                                ManagerWord{"arp_validate", "arp-validate"},
                                ManagerWord{"arp_all_targets", "arp-all-targets"},
                                ManagerWord{"num_grat_arp", "gratuitous-arp"},
                                ManagerWord{"primary_reselect", "primary-reselect-policy"},
                                ManagerWord{"resend_igmp", "resend-igmp"},
                                ManagerWord{"lp_interval", "learn-packet-interval"}};

/// Numbers and booleans stand without quotes.
Json scalar(const std::string& value)
{
    const auto json = Json::parse(value, nullptr, false);
    return json.is_number_integer() || json.is_boolean() ? json : Json(value);
}

Result<Json> parameters(const KeptLink& link, const Settings& ours, std::span<const ManagerWord> words)
{
    const auto settings = translated(link, ours, words, Manager::netplan);
    if (!settings) {
        return settings.error();
    }
    Json json = Json::object();
    for (const Setting& setting : *settings) {
        json[setting.key] = scalar(setting.value);
    }
    return json;
}

class Writer {
public:
    explicit Writer(const Profile& profile) : profile_(profile) {}

    Result<KeptFiles> write()
    {
        Json network{{"version", 2}};
        for (const KeptLink& link : profile_.links) {
            auto one = stanza(link);
            if (!one) {
                return std::move(one).error();
            }
            network[section_of(link)][link.name.str()] = std::move(*one);
        }
        const auto path = fmt::format("etc/netplan/60-net-setup-{}.yaml", profile_.name);
        files_.insert(files_.begin(),
                      {path, head_line(profile_) + to_yaml(Json{{"network", std::move(network)}}), 0600});
        return std::move(files_);
    }

private:
    static std::string section_of(const KeptLink& link) { return link.kind.empty() ? "ethernets" : link.kind + 's'; }

    [[nodiscard]] std::vector<std::string> ports(const KeptLink& master) const
    {
        std::vector<std::string> names;
        for (const KeptLink& link : profile_.links) {
            if (link.port && link.port->master == master.name) {
                names.push_back(link.name.str());
            }
        }
        return names;
    }

    Result<Json> stanza(const KeptLink& link)
    {
        Json json = Json::object();
        if (auto made = add_kind(link, json); !made) {
            return std::move(made).error();
        }
        if (auto added = add_rest(link); !added) {
            return std::move(added).error();
        }
        if (link.mtu) {
            json["mtu"] = *link.mtu;
        }
        add_ip(link, json);
        return json;
    }

    /// What netplan has no words for goes to networkd by itself.
    Result<void> add_rest(const KeptLink& link)
    {
        auto files = write_networkd_additions(
            profile_, link, link.kind == "bridge" ? of_bridges(link, Says::nothing) : Settings{});
        if (!files) {
            return std::move(files).error();
        }
        std::ranges::move(*files, std::back_inserter(files_));
        return {};
    }

    /// The settings of a bridge that netplan has a word for, or none.
    enum class Says { something, nothing };
    static Settings of_bridges(const KeptLink& bridge, Says says)
    {
        Settings chosen;
        std::ranges::copy_if(bridge.settings, std::back_inserter(chosen), [says](const Setting& setting) {
            const bool known = std::ranges::find(bridge_words, setting.key, &ManagerWord::key) != bridge_words.end();
            return known == (says == Says::something);
        });
        return chosen;
    }

    Result<void> add_kind(const KeptLink& link, Json& json) const
    {
        const bool bridge = link.kind == "bridge";
        if (bridge || link.kind == "bond") {
            auto told = bridge ? parameters(link, of_bridges(link, Says::something), bridge_words)
                               : parameters(link, link.settings, bond_words);
            if (!told) {
                return std::move(told).error();
            }
            if (link.mac) {
                json["macaddress"] = link.mac->str();
            }
            json["interfaces"] = ports(link);
            json["parameters"] = std::move(*told);
            return {};
        }
        if (link.kind == "vlan") {
            auto told = parameters(link, link.settings, vlan_words);
            if (!told) {
                return std::move(told).error();
            }
            json = std::move(*told);
            json["link"] = link.lower->str();
            return {};
        }
        return link.kind.empty() ? Result<void>{}
                                 : cannot_say(link, fmt::format("a {} such as this", link.kind), Manager::netplan);
    }

    /// Says also what is off: an earlier file may have switched it on.
    static void add_ip(const KeptLink& link, Json& json)
    {
        json["dhcp4"] = link.dhcp4;
        if (link.dhcp4) {
            json["dhcp-identifier"] = "mac";
        }
        json["dhcp6"] = link.dhcp6;
        json["accept-ra"] = link.advertisements;
        json["link-local"] = link.ipv6 && !link.is_port() ? Json::array({"ipv6"}) : Json::array();
        if (!link.addresses.empty()) {
            json["addresses"] = Json::array();
        }
        for (const InterfaceAddress& address : link.addresses) {
            json["addresses"].push_back(address.str());
        }
        for (const KeptRoute& route : link.routes) {
            json["routes"].push_back(route_of(route));
        }
        if (!link.servers.empty()) {
            json["nameservers"]["addresses"] = link.servers;
        }
        if (!link.search.empty()) {
            json["nameservers"]["search"] = link.search;
        }
    }

    static Json route_of(const KeptRoute& route)
    {
        const bool default4 = route.destination.length() == 0 && route.destination.family() == Family::ipv4;
        Json json{{"to", default4 ? "default" : route.destination.str()}};
        if (route.gateway) {
            json["via"] = route.gateway->str();
        } else {
            json["scope"] = "link";
        }
        if (route.on_link) {
            json["on-link"] = true;
        }
        if (route.source) {
            json["from"] = route.source->str();
        }
        if (route.metric != 0) {
            json["metric"] = route.metric;
        }
        if (route.table != 0) {
            json["table"] = route.table;
        }
        return json;
    }

    const Profile& profile_;
    KeptFiles files_;
};

}  // namespace

Result<KeptFiles> write_netplan(const Profile& profile)
{
    return Writer{profile}.write();
}

}  // namespace kvmkit::net
