// SPDX-License-Identifier: Apache-2.0
#include "net/persist/kept_options.hpp"

#include "net/model/bond_rules.hpp"

#include <linux/if_link.h>

#include <algorithm>
#include <array>

namespace kvmkit::net {
namespace {

/// What the kernel gives to a new link, or to a new port.
struct Default {
    std::uint16_t type = 0;
    std::uint64_t number = 0;
};

constexpr std::array of_bridges{Default{IFLA_BR_HELLO_TIME, 200},
                                Default{IFLA_BR_MAX_AGE, 2000},
                                Default{IFLA_BR_PRIORITY, 32768},
                                Default{IFLA_BR_AGEING_TIME, 30000},
                                Default{IFLA_BR_GROUP_FWD_MASK, 0},
                                Default{IFLA_BR_VLAN_FILTERING, 0},
                                Default{IFLA_BR_VLAN_DEFAULT_PVID, 1},
                                Default{IFLA_BR_VLAN_STATS_ENABLED, 0},
                                Default{IFLA_BR_VLAN_STATS_PER_PORT, 0},
                                Default{IFLA_BR_MCAST_SNOOPING, 1},
                                Default{IFLA_BR_MCAST_ROUTER, 1},
                                Default{IFLA_BR_MCAST_QUERIER, 0},
                                Default{IFLA_BR_MCAST_QUERY_USE_IFADDR, 0},
                                Default{IFLA_BR_MCAST_IGMP_VERSION, 2},
                                Default{IFLA_BR_MCAST_MLD_VERSION, 1},
                                Default{IFLA_BR_MCAST_LAST_MEMBER_CNT, 2},
                                Default{IFLA_BR_MCAST_LAST_MEMBER_INTVL, 100},
                                Default{IFLA_BR_MCAST_MEMBERSHIP_INTVL, 26000},
                                Default{IFLA_BR_MCAST_QUERIER_INTVL, 25500},
                                Default{IFLA_BR_MCAST_QUERY_INTVL, 12500},
                                Default{IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, 1000},
                                Default{IFLA_BR_MCAST_STARTUP_QUERY_CNT, 2},
                                Default{IFLA_BR_MCAST_STARTUP_QUERY_INTVL, 3125},
                                Default{IFLA_BR_MCAST_STATS_ENABLED, 0},
                                Default{IFLA_BR_NF_CALL_IPTABLES, 0},
                                Default{IFLA_BR_NF_CALL_IP6TABLES, 0},
                                Default{IFLA_BR_NF_CALL_ARPTABLES, 0}};

constexpr std::array of_bridge_ports{Default{IFLA_BRPORT_MODE, 0},
                                     Default{IFLA_BRPORT_PRIORITY, 32},
                                     Default{IFLA_BRPORT_ISOLATED, 0},
                                     Default{IFLA_BRPORT_LEARNING, 1},
                                     Default{IFLA_BRPORT_UNICAST_FLOOD, 1},
                                     Default{IFLA_BRPORT_MCAST_FLOOD, 1},
                                     Default{IFLA_BRPORT_BCAST_FLOOD, 1},
                                     Default{IFLA_BRPORT_NEIGH_SUPPRESS, 0},
                                     Default{IFLA_BRPORT_PROXYARP, 0},
                                     Default{IFLA_BRPORT_PROXYARP_WIFI, 0},
                                     Default{IFLA_BRPORT_MULTICAST_ROUTER, 1},
                                     Default{IFLA_BRPORT_FAST_LEAVE, 0},
                                     Default{IFLA_BRPORT_MCAST_TO_UCAST, 0},
                                     Default{IFLA_BRPORT_GUARD, 0},
                                     Default{IFLA_BRPORT_PROTECT, 0},
                                     Default{IFLA_BRPORT_VLAN_TUNNEL, 0},
                                     Default{IFLA_BRPORT_GROUP_FWD_MASK, 0},
                                     Default{IFLA_BRPORT_LOCKED, 0}};

constexpr std::array of_bonds{Default{IFLA_BOND_AD_ACTOR_SYS_PRIO, 65535},
                              Default{IFLA_BOND_AD_SELECT, 0},
                              Default{IFLA_BOND_AD_USER_PORT_KEY, 0},
                              Default{IFLA_BOND_ALL_SLAVES_ACTIVE, 0},
                              Default{IFLA_BOND_ARP_ALL_TARGETS, 0},
                              Default{IFLA_BOND_ARP_INTERVAL, 0},
                              Default{IFLA_BOND_MISSED_MAX, 2},
                              Default{IFLA_BOND_ARP_VALIDATE, 0},
                              Default{IFLA_BOND_MIIMON, 0},
                              Default{IFLA_BOND_DOWNDELAY, 0},
                              Default{IFLA_BOND_UPDELAY, 0},
                              Default{IFLA_BOND_FAIL_OVER_MAC, 0},
                              Default{IFLA_BOND_AD_LACP_RATE, 0},
                              Default{IFLA_BOND_LP_INTERVAL, 1},
                              Default{IFLA_BOND_MIN_LINKS, 0},
                              Default{IFLA_BOND_NUM_PEER_NOTIF, 1},
                              Default{IFLA_BOND_PACKETS_PER_SLAVE, 1},
                              Default{IFLA_BOND_PRIMARY_RESELECT, 0},
                              Default{IFLA_BOND_RESEND_IGMP, 1},
                              Default{IFLA_BOND_TLB_DYNAMIC_LB, 1},
                              Default{IFLA_BOND_USE_CARRIER, 1},
                              Default{IFLA_BOND_XMIT_HASH_POLICY, 0}};

/// Those that have no number to compare: what they read as on a new link.
bool is_usual_text(std::string_view key, std::string_view text)
{
    constexpr std::array<std::pair<std::string_view, std::string_view>, 7> usual{
        {{"vlan-protocol", "802.1q"},
         {"protocol", "802.1q"},
         {"registration-protocol", "none"},
         {"reorder-headers", "true"},
         {"loose-binding", "false"},
         {"arp_ip_target", ""},
         {"ad_actor_system", "00:00:00:00:00:00"}}};
    // These follow the kernel's version and the bridge's own state.
    constexpr std::array<std::string_view, 2> never{"group-addr", "hash-max"};
    return std::ranges::find(usual, std::pair{key, text}) != usual.end() ||
           std::ranges::find(never, key) != never.end();
}

/// Managers set these otherwise than the kernel, or need them in any case.
bool is_always_kept(std::string_view key)
{
    constexpr std::array<std::string_view, 4> always{"stp.enabled", "stp.forward-delay", "id", "mode"};
    return std::ranges::find(always, key) != always.end();
}

/// The kernel counts in its own ticks and rounds.
bool is_default(const OptionSpec& spec, const LinkOption& option, std::span<const Default> defaults)
{
    const auto row = std::ranges::find(defaults, spec.type, &Default::type);
    const auto number = option_number(option);
    if (row == defaults.end() || !number) {
        return is_usual_text(spec.key, option_text(spec, option));
    }
    const bool counts_time = spec.form == OptionForm::seconds || spec.form == OptionForm::ticks;
    const std::uint64_t slack = counts_time ? 2 : 0;
    return *number + slack >= row->number && *number <= row->number + slack;
}

Settings differing(const LinkOptions& options, std::span<const OptionSpec> specs, std::span<const Default> defaults)
{
    Settings kept;
    for (const OptionSpec& spec : specs) {
        const LinkOption* option = find(options, spec.type);
        if (option != nullptr && (is_always_kept(spec.key) || !is_default(spec, *option, defaults))) {
            kept.push_back({std::string{spec.key}, option_text(spec, *option)});
        }
    }
    return kept;
}

/// Those that the kernel takes in the bond's mode.
LinkOptions fitting(const Link& bond)
{
    const LinkOption* mode = find(bond.options, IFLA_BOND_MODE);
    const auto number = mode != nullptr ? static_cast<unsigned>(option_number(*mode).value_or(0)) : 0U;
    LinkOptions options = bond.options;
    std::erase_if(options, [number](const LinkOption& option) { return !bond_option_fits(option.type, number); });
    return options;
}

}  // namespace

void strip_defaults(Link& link)
{
    const auto specs = option_specs(link.kind);
    const auto defaults = link.kind == "bridge" ? std::span<const Default>{of_bridges} : of_bonds;
    const auto is_usual = [](std::span<const OptionSpec> rows, std::span<const Default> usual) {
        return [rows, usual](const LinkOption& option) {
            return std::ranges::all_of(rows, [&](const OptionSpec& spec) {
                return spec.type != option.type || (!is_always_kept(spec.key) && is_default(spec, option, usual));
            });
        };
    };
    std::erase_if(link.options, is_usual(specs, defaults));
    std::erase_if(link.port_options, [&](const LinkOption& option) {
        return option.type == IFLA_BRPORT_COST || is_usual(bridge_port_options(), of_bridge_ports)(option);
    });
}

Settings kept_options(const Link& link)
{
    if (link.kind == "bridge") {
        return differing(link.options, bridge_options(), of_bridges);
    }
    if (link.kind == "bond") {
        return differing(fitting(link), bond_options(), of_bonds);
    }
    return differing(link.options, option_specs(link.kind), {});
}

Settings kept_port_options(const Link& port)
{
    auto options = port.port_options;
    std::erase_if(options, [](const LinkOption& option) { return option.type == IFLA_BRPORT_COST; });
    return differing(options, bridge_port_options(), of_bridge_ports);
}

}  // namespace kvmkit::net
