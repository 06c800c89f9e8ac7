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

constexpr std::array bridge_words{ManagerWord{"stp.enabled", "STP", yes_no},
                                  ManagerWord{"stp.forward-delay", "ForwardDelaySec"},
                                  ManagerWord{"stp.hello-time", "HelloTimeSec"},
                                  ManagerWord{"stp.max-age", "MaxAgeSec"},
                                  ManagerWord{"stp.priority", "Priority"},
                                  ManagerWord{"mac-ageing-time", "AgeingTimeSec"},
                                  ManagerWord{"group-forward-mask", "GroupForwardMask"},
                                  ManagerWord{"vlan-filtering", "VLANFiltering", yes_no},
                                  ManagerWord{"vlan-protocol", "VLANProtocol"},
                                  ManagerWord{"vlan-default-pvid", "DefaultPVID", pvid},
                                  ManagerWord{"multicast-snooping", "MulticastSnooping", yes_no},
                                  ManagerWord{"multicast-querier", "MulticastQuerier", yes_no},
                                  ManagerWord{"multicast-igmp-version", "MulticastIGMPVersion"}};

constexpr std::array port_words{ManagerWord{"stp-hairpin-mode", "HairPin", yes_no},
                                ManagerWord{"stp-priority", "Priority"},
                                ManagerWord{"isolated", "Isolated", yes_no},
                                ManagerWord{"learning", "Learning", yes_no},
                                ManagerWord{"flood", "UnicastFlood", yes_no},
                                ManagerWord{"multicast-flood", "MulticastFlood", yes_no},
                                ManagerWord{"neigh-suppress", "NeighborSuppression", yes_no},
                                ManagerWord{"proxy-arp", "ProxyARP", yes_no},
                                ManagerWord{"proxy-arp-wifi", "ProxyARPWiFi", yes_no},
                                ManagerWord{"multicast-fast-leave", "FastLeave", yes_no},
                                ManagerWord{"multicast-to-unicast", "MulticastToUnicast", yes_no},
                                ManagerWord{"bpdu-guard", "UseBPDU", no_yes},
                                ManagerWord{"root-block", "AllowPortToBeRoot", no_yes}};

constexpr std::array vlan_words{ManagerWord{"id", "Id"},
                                ManagerWord{"protocol", "Protocol"},
                                ManagerWord{"reorder-headers", "ReorderHeader", yes_no},
                                ManagerWord{"loose-binding", "LooseBinding", yes_no}};

constexpr std::array bond_words{ManagerWord{"mode", "Mode"},
                                ManagerWord{"xmit_hash_policy", "TransmitHashPolicy"},
                                ManagerWord{"lacp_rate", "LACPTransmitRate"},
                                ManagerWord{"miimon", "MIIMonitorSec", milliseconds},
                                ManagerWord{"updelay", "UpDelaySec", milliseconds},
                                ManagerWord{"downdelay", "DownDelaySec", milliseconds},
                                ManagerWord{"lp_interval", "LearnPacketIntervalSec"},
                                ManagerWord{"ad_select", "AdSelect"},
                                ManagerWord{"ad_actor_sys_prio", "AdActorSystemPriority"},
                                ManagerWord{"ad_user_port_key", "AdUserPortKey"},
                                ManagerWord{"ad_actor_system", "AdActorSystem"},
                                ManagerWord{"fail_over_mac", "FailOverMACPolicy"},
                                ManagerWord{"arp_validate", "ARPValidate"},
                                ManagerWord{"arp_interval", "ARPIntervalSec", milliseconds},
                                ManagerWord{"arp_ip_target", "ARPIPTargets", list},
                                ManagerWord{"arp_all_targets", "ARPAllTargets"},
                                ManagerWord{"primary_reselect", "PrimaryReselectPolicy"},
                                ManagerWord{"resend_igmp", "ResendIGMP"},
                                ManagerWord{"packets_per_slave", "PacketsPerSlave"},
                                ManagerWord{"num_grat_arp", "GratuitousARP"},
                                ManagerWord{"all_slaves_active", "AllSlavesActive", yes_no},
                                ManagerWord{"tlb_dynamic_lb", "DynamicTransmitLoadBalancing", yes_no},
                                ManagerWord{"min_links", "MinLinks"}};

/// A kind of link that networkd makes.
struct Kind {
    std::string_view ours;
    std::string_view section;
    std::span<const ManagerWord> words = {};
};

constexpr std::array kinds{Kind{"bridge", "Bridge", bridge_words},
                           Kind{"vlan", "VLAN", vlan_words},
                           Kind{"bond", "Bond", bond_words},
                           Kind{"dummy", ""}};

/// An empty section list keeps networkd from touching them; a port without any VLAN needs a bridge without PVID.
void put_vlans(const VlanMembership& vlans, IniText& text)
{
    for (const VlanRange& range : vlans.untagged.ranges()) {
        text.section("BridgeVLAN");
        if (vlans.pvid && *vlans.pvid == range.first && range.first == range.last) {
            text.put("PVID", range.str());
        }
        text.put("EgressUntagged", range.str());
    }
    for (const VlanRange& range : tagged_of(vlans).ranges()) {
        text.section("BridgeVLAN").put("VLAN", range.str());
    }
}

void put_section(std::string_view section, const Settings& settings, IniText& text)
{
    if (!settings.empty()) {
        text.section(section);
    }
    for (const Setting& setting : settings) {
        text.put(setting.key, setting.value);
    }
}

class Writer {
public:
    explicit Writer(const Profile& profile) : profile_(profile) {}

    Result<KeptFiles> write()
    {
        for (const KeptLink& link : profile_.links) {
            auto device = link.kind.empty() ? Result<void>{} : netdev(link);
            if (!device) {
                return std::move(device).error();
            }
            if (auto settings = network(link); !settings) {
                return std::move(settings).error();
            }
        }
        return std::move(files_);
    }

private:
    void keep(const KeptLink& link, std::string_view ending, const IniText& text)
    {
        files_.push_back({fmt::format("etc/systemd/network/10-net-setup-{}.{}", link.name.str(), ending), text.str()});
    }

    Result<void> netdev(const KeptLink& link)
    {
        const auto kind = std::ranges::find(kinds, link.kind, &Kind::ours);
        if (kind == kinds.end()) {
            return cannot_say(link, fmt::format("a {} such as this", link.kind), Manager::networkd);
        }
        const auto settings = translated(link, link.settings, kind->words, Manager::networkd);
        if (!settings) {
            return settings.error();
        }
        IniText text{head_line(profile_)};
        text.section("NetDev").put("Name", link.name.str()).put("Kind", link.kind);
        if (link.mac) {
            text.put("MACAddress", link.mac->str());
        }
        if (link.mtu) {
            text.put("MTUBytes", fmt::format("{}", *link.mtu));
        }
        put_section(kind->section, *settings, text);
        keep(link, "netdev", text);
        return {};
    }

    Result<void> network(const KeptLink& link)
    {
        IniText text{head_line(profile_)};
        text.section("Match").put("Name", link.name.str());
        text.section("Link");
        if (link.kind.empty() && link.mtu) {
            text.put("MTUBytes", fmt::format("{}", *link.mtu));
        }
        text.put("RequiredForOnline", link.is_port() || !link.has_ip() ? "no" : "routable");
        text.section("Network");
        for (const KeptLink& upper : profile_.links) {
            if (upper.lower == link.name) {
                text.put("VLAN", upper.name.str());
            }
        }
        if (link.is_port()) {
            if (auto told = port(link, text); !told) {
                return told;
            }
        } else {
            ip(link, text);
        }
        if (link.vlans) {
            put_vlans(*link.vlans, text);
        }
        keep(link, "network", text);
        return {};
    }

    static Result<void> port(const KeptLink& link, IniText& text)
    {
        text.put(link.port->of_bond ? "Bond" : "Bridge", link.port->master.str());
        text.put("LinkLocalAddressing", "no").put("IPv6AcceptRA", "no").put("DHCP", "no");
        const auto settings = translated(link, link.port->settings, port_words, Manager::networkd);
        if (!settings) {
            return settings.error();
        }
        put_section("Bridge", *settings, text);
        return {};
    }

    static std::string_view dhcp_word(const KeptLink& link)
    {
        if (link.dhcp4) {
            return link.dhcp6 ? "yes" : "ipv4";
        }
        return link.dhcp6 ? "ipv6" : "no";
    }

    static void ip(const KeptLink& link, IniText& text)
    {
        text.put("DHCP", dhcp_word(link));
        text.put("ConfigureWithoutCarrier", "yes");
        if (!link.dhcp4) {
            text.put("IgnoreCarrierLoss", "yes");
        }
        if (link.dhcp4 || !link.addresses.empty()) {
            text.put("KeepConfiguration", link.dhcp4 ? "dhcp-on-stop" : "static");
        }
        text.put("LinkLocalAddressing", link.ipv6 ? "ipv6" : "no");
        text.put("IPv6AcceptRA", link.advertisements ? "yes" : "no");
        for (const InterfaceAddress& address : link.addresses) {
            text.put("Address", address.str());
        }
        for (const KeptRoute& route : link.routes) {
            if (route.is_plain_default() && !route.on_link) {
                text.put("Gateway", route.gateway->str());
            }
        }
        for (const std::string& server : link.servers) {
            text.put("DNS", server);
        }
        if (!link.search.empty()) {
            text.put("Domains", fmt::format("{}", fmt::join(link.search, " ")));
        }
        if (link.dhcp4) {
            text.section("DHCPv4").put("ClientIdentifier", "mac");
        }
        for (const KeptRoute& kept : link.routes) {
            if (!kept.is_plain_default() || kept.on_link) {
                route(kept, text);
            }
        }
    }

    static void route(const KeptRoute& route, IniText& text)
    {
        text.section("Route").put("Destination", route.destination.str());
        if (route.gateway) {
            text.put("Gateway", route.gateway->str());
        }
        if (route.on_link) {
            text.put("GatewayOnLink", "yes");
        }
        if (!route.gateway && route.destination.family() == Family::ipv4) {
            text.put("Scope", "link");
        }
        if (route.source) {
            text.put("PreferredSource", route.source->str());
        }
        if (route.metric != 0) {
            text.put("Metric", fmt::format("{}", route.metric));
        }
        if (route.table != 0) {
            text.put("Table", fmt::format("{}", route.table));
        }
    }

    const Profile& profile_;
    KeptFiles files_;
};

}  // namespace

std::string head_line(const std::string& profile)
{
    return fmt::format("# Written by net-setup, which writes it anew at: net-setup persist {}\n", profile);
}

std::string head_line(const Profile& profile)
{
    return head_line(profile.name);
}

Result<KeptFiles> write_networkd_additions(const Profile& profile, const KeptLink& link, const Settings& of_bridge)
{
    const auto device = translated(link, of_bridge, bridge_words, Manager::netplan);
    const bool bridge_port = link.port && !link.port->of_bond;
    const auto port = translated(link, link.port ? link.port->settings : Settings{}, port_words, Manager::netplan);
    if (!device || !port || (link.port && !bridge_port && !port->empty())) {
        return !device ? device.error()
               : !port ? port.error()
                       : cannot_say(link, "a bond's port such as this", Manager::netplan);
    }
    KeptFiles files;
    const auto add = [&](std::string_view ending, const IniText& text) {
        files.push_back(
            {fmt::format("etc/systemd/network/10-netplan-{}.{}.d/kvmkit-net-setup.conf", link.name.str(), ending),
             text.str()});
    };
    if (!device->empty()) {
        IniText text{head_line(profile)};
        put_section("Bridge", *device, text);
        add("netdev", text);
    }
    if (!port->empty() || link.vlans) {
        IniText text{head_line(profile)};
        put_section("Bridge", *port, text);
        if (link.vlans) {
            put_vlans(*link.vlans, text);
        }
        add("network", text);
    }
    return files;
}

Result<KeptFiles> write_networkd(const Profile& profile)
{
    return Writer{profile}.write();
}

}  // namespace kvmkit::net
