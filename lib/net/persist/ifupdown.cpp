// SPDX-License-Identifier: Apache-2.0
#include "net/persist/words.hpp"
#include "net/persist/writers.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

using enum WordForm;

/// ifupdown and ifupdown2 differ by the dash; bridge-utils reads both, so does ifenslave.
constexpr std::array classic_bridge{ManagerWord{"stp.enabled", "bridge_stp", on_off},
                                    ManagerWord{"stp.forward-delay", "bridge_fd"},
                                    ManagerWord{"stp.hello-time", "bridge_hello"},
                                    ManagerWord{"stp.max-age", "bridge_maxage"},
                                    ManagerWord{"stp.priority", "bridge_bridgeprio"},
                                    ManagerWord{"mac-ageing-time", "bridge_ageing"}};

constexpr std::array second_bridge{ManagerWord{"stp.enabled", "bridge-stp", on_off},
                                   ManagerWord{"stp.forward-delay", "bridge-fd"},
                                   ManagerWord{"stp.hello-time", "bridge-hello"},
                                   ManagerWord{"stp.max-age", "bridge-maxage"},
                                   ManagerWord{"stp.priority", "bridge-bridgeprio"},
                                   ManagerWord{"mac-ageing-time", "bridge-ageing"},
                                   ManagerWord{"vlan-filtering", "bridge-vlan-aware", yes_no},
                                   ManagerWord{"vlan-protocol", "bridge-vlan-protocol"},
                                   ManagerWord{"multicast-snooping", "bridge-mcsnoop", yes_no},
                                   ManagerWord{"multicast-querier", "bridge-mcquerier", yes_no}};

constexpr std::array vlan_words{ManagerWord{"id", ""}};

constexpr std::array bond_words{ManagerWord{"mode", "bond-mode"},
                                ManagerWord{"miimon", "bond-miimon"},
                                ManagerWord{"updelay", "bond-updelay"},
                                ManagerWord{"downdelay", "bond-downdelay"},
                                ManagerWord{"lacp_rate", "bond-lacp-rate"},
                                ManagerWord{"min_links", "bond-min-links"},
                                ManagerWord{"xmit_hash_policy", "bond-xmit-hash-policy"},
                                ManagerWord{"ad_select", "bond-ad-select"},
                                ManagerWord{"fail_over_mac", "bond-fail-over-mac"},
                                ManagerWord{"arp_interval", "bond-arp-interval"},
                                ManagerWord{"arp_ip_target", "bond-arp-ip-target", list},
                                ManagerWord{"arp_validate", "bond-arp-validate"}};

std::string_view family_word(Family family)
{
    return family == Family::ipv4 ? "inet" : "inet6";
}

class Writer {
public:
    Writer(const Profile& profile, Manager flavour) : profile_(profile), flavour_(flavour), text_(head_line(profile)) {}

    Result<KeptFiles> write()
    {
        for (const KeptLink& link : profile_.links) {
            if (auto written = stanzas(link); !written) {
                return std::move(written).error();
            }
        }
        return KeptFiles{{"etc/network/interfaces.d/net-setup-" + clean(profile_.name), std::move(text_)}};
    }

private:
    /// source-directory takes no names with a dot.
    static std::string clean(std::string name)
    {
        std::ranges::replace(name, '.', '_');
        return name;
    }

    [[nodiscard]] bool second() const { return flavour_ == Manager::ifupdown2; }

    void line(std::string_view key, std::string_view value) { text_ += fmt::format("    {} {}\n", key, value); }

    [[nodiscard]] std::string ports(const KeptLink& master) const
    {
        std::string names;
        for (const KeptLink& link : profile_.links) {
            if (link.port && link.port->master == master.name) {
                names += (names.empty() ? "" : " ") + link.name.str();
            }
        }
        return names.empty() ? "none" : names;
    }

    static bool has(const KeptLink& link, Family family)
    {
        return std::ranges::any_of(link.addresses,
                                   [family](const InterfaceAddress& address) { return address.family() == family; });
    }

    static std::string_view method(const KeptLink& link, Family family)
    {
        if (family == Family::ipv4 && link.dhcp4) {
            return "dhcp";
        }
        if (has(link, family)) {
            return "static";
        }
        return family == Family::ipv6 && (link.dhcp6 || link.advertisements) ? "auto" : "manual";
    }

    Result<void> stanzas(const KeptLink& link)
    {
        text_ += fmt::format("auto {}\n", link.name.str());
        for (const Family family : {Family::ipv4, Family::ipv6}) {
            const auto how = link.is_port() ? "manual" : method(link, family);
            if (family == Family::ipv6 && how == "manual") {
                continue;
            }
            text_ += fmt::format("iface {} {} {}\n", link.name.str(), family_word(family), how);
            if (family == Family::ipv4) {
                if (auto made = make(link); !made) {
                    return made;
                }
            }
            ip(link, family, how);
        }
        text_ += '\n';
        return {};
    }

    Result<void> make(const KeptLink& link)
    {
        const std::span<const ManagerWord> bridge =
            second() ? std::span<const ManagerWord>{second_bridge} : classic_bridge;
        if (link.kind == "bridge") {
            if (auto told = settings(link, bridge); !told) {
                return told;
            }
            line(second() ? "bridge-ports" : "bridge_ports", ports(link));
            if (link.mac) {
                line(second() ? "hwaddress" : "bridge_hw", link.mac->str());
            }
            if (!second()) {
                line("bridge_maxwait", link.dhcp4 ? "5" : "0");
            }
        } else if (link.kind == "bond") {
            if (auto told = settings(link, bond_words); !told) {
                return told;
            }
            line("bond-slaves", ports(link));
        } else if (link.kind == "vlan") {
            if (auto told = settings(link, vlan_words); !told) {
                return told;
            }
            if (!link.name.str().ends_with("." + value_of(link.settings, "id")) &&
                link.name.str() != "vlan" + value_of(link.settings, "id")) {
                return cannot_say(link, "a VLAN of such a name", flavour_);
            }
            line("vlan-raw-device", link.lower->str());
        } else if (!link.kind.empty()) {
            return cannot_say(link, fmt::format("a {} such as this", link.kind), flavour_);
        }
        return rest(link);
    }

    Result<void> settings(const KeptLink& link, std::span<const ManagerWord> words)
    {
        auto own = link.settings;
        std::erase_if(own, [this](const Setting& setting) { return second() && setting.key == "vlan-default-pvid"; });
        const auto told = translated(link, own, words, flavour_);
        if (!told) {
            return told.error();
        }
        for (const Setting& setting : *told) {
            line(setting.key, setting.value);
        }
        return {};
    }

    Result<void> rest(const KeptLink& link)
    {
        if (link.port && !link.port->settings.empty()) {
            return cannot_say(link, fmt::format("the port's {}", link.port->settings.front().key), flavour_);
        }
        if (link.mtu) {
            line("mtu", fmt::format("{}", *link.mtu));
        }
        if (!link.vlans) {
            return {};
        }
        VlanSet native;
        if (link.vlans->pvid) {
            native.add(*link.vlans->pvid);
        }
        if (!(link.vlans->untagged == native)) {
            return cannot_say(link, "VLANs that leave untagged beside the native one", flavour_);
        }
        const auto tagged = tagged_of(*link.vlans);
        if (!tagged.empty()) {
            auto list = tagged.str();
            std::ranges::replace(list, ',', ' ');
            line("bridge-vids", list);
        }
        if (link.vlans->pvid) {
            line("bridge-pvid", fmt::format("{}", *link.vlans->pvid));
        }
        return {};
    }

    /// One gateway stands as such; other routes are set by ip(8) after the link is up.
    void ip(const KeptLink& link, Family family, std::string_view how)
    {
        bool first = true;
        for (const InterfaceAddress& address : link.addresses) {
            if (address.family() != family) {
                continue;
            }
            if (how == "static" && (first || second())) {
                line("address", address.str());
            } else {
                line("up", fmt::format("ip address add {} dev {} || true", address.str(), link.name.str()));
            }
            first = false;
        }
        if (family == Family::ipv6 && how == "static") {
            line("accept_ra", link.advertisements ? "1" : "0");
            line("autoconf", link.advertisements ? "1" : "0");
        }
        if (how == "auto" && link.dhcp6) {
            line("dhcp", "1");
        }
        bool gateway = false;
        for (const KeptRoute& route : link.routes) {
            if (route.destination.family() != family) {
                continue;
            }
            if (how == "static" && route.is_plain_default() && !route.on_link && !gateway) {
                line("gateway", route.gateway->str());
                gateway = true;
            } else {
                line("up", ip_route(route, link));
            }
        }
        if (family == Family::ipv4 || !has(link, Family::ipv4)) {
            servers(link);
        }
    }

    void servers(const KeptLink& link)
    {
        if (!link.servers.empty()) {
            line("dns-nameservers", fmt::format("{}", fmt::join(link.servers, " ")));
        }
        if (!link.search.empty()) {
            line("dns-search", fmt::format("{}", fmt::join(link.search, " ")));
        }
    }

    static std::string ip_route(const KeptRoute& route, const KeptLink& link)
    {
        auto command = fmt::format("ip route add {}", route.destination.str());
        if (route.gateway) {
            command += " via " + route.gateway->str();
        }
        command += " dev " + link.name.str();
        if (route.on_link) {
            command += " onlink";
        }
        if (route.source) {
            command += " src " + route.source->str();
        }
        if (route.metric != 0) {
            command += fmt::format(" metric {}", route.metric);
        }
        if (route.table != 0) {
            command += fmt::format(" table {}", route.table);
        }
        return command + " || true";
    }

    const Profile& profile_;
    Manager flavour_;
    std::string text_;
};

}  // namespace

Result<KeptFiles> write_interfaces(const Profile& profile, Manager flavour)
{
    return Writer{profile, flavour}.write();
}

}  // namespace kvmkit::net
