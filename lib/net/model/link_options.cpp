// SPDX-License-Identifier: Apache-2.0
// The widths are those of the kernel's netlink policies, the ranges those that it refuses to leave.
#include "net/model/option.hpp"

#include <linux/if_link.h>
#include <linux/if_vlan.h>

#include <array>
#include <limits>

namespace kvmkit::net {
namespace {

constexpr std::uint64_t max_u8 = std::numeric_limits<std::uint8_t>::max();
constexpr std::uint64_t max_u16 = std::numeric_limits<std::uint16_t>::max();
constexpr std::uint64_t max_u32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint64_t max_int = std::numeric_limits<std::int32_t>::max();
constexpr std::uint64_t max_seconds = max_u32 / 100;

constexpr OptionSpec number(
    std::string_view key, std::uint16_t type, unsigned width, std::uint64_t least, std::uint64_t most)
{
    return {key, type, OptionForm::number, width, least, most, {}};
}

constexpr OptionSpec boolean(std::string_view key, std::uint16_t type, unsigned width = 1)
{
    return {key, type, OptionForm::boolean, width, 0, 1, {}};
}

constexpr OptionSpec seconds(std::string_view key, std::uint16_t type, std::uint64_t least, std::uint64_t most)
{
    return {key, type, OptionForm::seconds, 4, least, most, {}};
}

constexpr OptionSpec ticks(std::string_view key, std::uint16_t type)
{
    return {key, type, OptionForm::ticks, 8, 0, max_u32, {}};
}

/// Of queries: since Linux 5.16 the kernel takes a second where less is asked for, since 6.16 a day where more is.
constexpr OptionSpec query_ticks(std::string_view key, std::uint16_t type)
{
    constexpr std::uint64_t second = 100;
    constexpr std::uint64_t day = 24 * 60 * 60 * second;
    return {key, type, OptionForm::ticks, 8, second, day, {}};
}

constexpr OptionSpec word(std::string_view key, std::uint16_t type, unsigned width, std::span<const OptionWord> words)
{
    return {key, type, OptionForm::word, width, 0, 0, words};
}

constexpr OptionSpec special(std::string_view key, std::uint16_t type, OptionForm form, std::uint64_t most = 0)
{
    return {key, type, form, 0, 0, most, {}};
}

constexpr std::array routers{OptionWord{"disabled", 0}, OptionWord{"auto", 1}, OptionWord{"enabled", 2}};
constexpr std::array port_routers{
    OptionWord{"disabled", 0}, OptionWord{"auto", 1}, OptionWord{"enabled", 2}, OptionWord{"temporary", 3}};
constexpr std::array bond_modes{OptionWord{"balance-rr", 0},
                                OptionWord{"active-backup", 1},
                                OptionWord{"balance-xor", 2},
                                OptionWord{"broadcast", 3},
                                OptionWord{"802.3ad", 4},
                                OptionWord{"balance-tlb", 5},
                                OptionWord{"balance-alb", 6}};
constexpr std::array hash_policies{OptionWord{"layer2", 0},
                                   OptionWord{"layer3+4", 1},
                                   OptionWord{"layer2+3", 2},
                                   OptionWord{"encap2+3", 3},
                                   OptionWord{"encap3+4", 4},
                                   OptionWord{"vlan+srcmac", 5}};
constexpr std::array lacp_rates{OptionWord{"slow", 0}, OptionWord{"fast", 1}};
constexpr std::array selections{OptionWord{"stable", 0}, OptionWord{"bandwidth", 1}, OptionWord{"count", 2}};
constexpr std::array target_counts{OptionWord{"any", 0}, OptionWord{"all", 1}};
constexpr std::array validations{OptionWord{"none", 0},
                                 OptionWord{"active", 1},
                                 OptionWord{"backup", 2},
                                 OptionWord{"all", 3},
                                 OptionWord{"filter", 4},
                                 OptionWord{"filter_active", 5},
                                 OptionWord{"filter_backup", 6}};
constexpr std::array reselections{OptionWord{"always", 0}, OptionWord{"better", 1}, OptionWord{"failure", 2}};
constexpr std::array mac_policies{OptionWord{"none", 0}, OptionWord{"active", 1}, OptionWord{"follow", 2}};
constexpr std::array inactive_ports{OptionWord{"dropped", 0}, OptionWord{"delivered", 1}};
constexpr std::array registrations{
    OptionWord{"none", 0}, OptionWord{"gvrp", VLAN_FLAG_GVRP}, OptionWord{"mvrp", VLAN_FLAG_MVRP}};

constexpr std::array of_bridges{boolean("stp.enabled", IFLA_BR_STP_STATE, 4),
                                seconds("stp.forward-delay", IFLA_BR_FORWARD_DELAY, 0, 30),
                                seconds("stp.hello-time", IFLA_BR_HELLO_TIME, 1, 10),
                                seconds("stp.max-age", IFLA_BR_MAX_AGE, 6, 40),
                                number("stp.priority", IFLA_BR_PRIORITY, 2, 0, max_u16),
                                seconds("mac-ageing-time", IFLA_BR_AGEING_TIME, 0, max_seconds),
                                special("group-addr", IFLA_BR_GROUP_ADDR, OptionForm::mac),
                                number("group-forward-mask", IFLA_BR_GROUP_FWD_MASK, 2, 0, max_u16),
                                boolean("vlan-filtering", IFLA_BR_VLAN_FILTERING),
                                special("vlan-protocol", IFLA_BR_VLAN_PROTOCOL, OptionForm::protocol),
                                number("vlan-default-pvid", IFLA_BR_VLAN_DEFAULT_PVID, 2, 0, 4094),
                                boolean("vlan-stats", IFLA_BR_VLAN_STATS_ENABLED),
                                boolean("vlan-stats-per-port", IFLA_BR_VLAN_STATS_PER_PORT),
                                boolean("multicast-snooping", IFLA_BR_MCAST_SNOOPING),
                                word("multicast-router", IFLA_BR_MCAST_ROUTER, 1, routers),
                                boolean("multicast-querier", IFLA_BR_MCAST_QUERIER),
                                boolean("multicast-query-use-ifaddr", IFLA_BR_MCAST_QUERY_USE_IFADDR),
                                number("multicast-igmp-version", IFLA_BR_MCAST_IGMP_VERSION, 1, 2, 3),
                                number("multicast-mld-version", IFLA_BR_MCAST_MLD_VERSION, 1, 1, 2),
                                number("hash-max", IFLA_BR_MCAST_HASH_MAX, 4, 1, max_u32),
                                number("multicast-last-member-count", IFLA_BR_MCAST_LAST_MEMBER_CNT, 4, 0, max_u32),
                                ticks("multicast-last-member-interval", IFLA_BR_MCAST_LAST_MEMBER_INTVL),
                                ticks("multicast-membership-interval", IFLA_BR_MCAST_MEMBERSHIP_INTVL),
                                ticks("multicast-querier-interval", IFLA_BR_MCAST_QUERIER_INTVL),
                                query_ticks("multicast-query-interval", IFLA_BR_MCAST_QUERY_INTVL),
                                ticks("multicast-query-response-interval", IFLA_BR_MCAST_QUERY_RESPONSE_INTVL),
                                number("multicast-startup-query-count", IFLA_BR_MCAST_STARTUP_QUERY_CNT, 4, 0, max_u32),
                                query_ticks("multicast-startup-query-interval", IFLA_BR_MCAST_STARTUP_QUERY_INTVL),
                                boolean("multicast-stats", IFLA_BR_MCAST_STATS_ENABLED),
                                boolean("nf-call-iptables", IFLA_BR_NF_CALL_IPTABLES),
                                boolean("nf-call-ip6tables", IFLA_BR_NF_CALL_IP6TABLES),
                                boolean("nf-call-arptables", IFLA_BR_NF_CALL_ARPTABLES)};

constexpr std::array of_bridge_ports{boolean("stp-hairpin-mode", IFLA_BRPORT_MODE),
                                     number("stp-path-cost", IFLA_BRPORT_COST, 4, 1, max_u16),
                                     number("stp-priority", IFLA_BRPORT_PRIORITY, 2, 0, 63),
                                     boolean("isolated", IFLA_BRPORT_ISOLATED),
                                     boolean("learning", IFLA_BRPORT_LEARNING),
                                     boolean("flood", IFLA_BRPORT_UNICAST_FLOOD),
                                     boolean("multicast-flood", IFLA_BRPORT_MCAST_FLOOD),
                                     boolean("broadcast-flood", IFLA_BRPORT_BCAST_FLOOD),
                                     boolean("neigh-suppress", IFLA_BRPORT_NEIGH_SUPPRESS),
                                     boolean("proxy-arp", IFLA_BRPORT_PROXYARP),
                                     boolean("proxy-arp-wifi", IFLA_BRPORT_PROXYARP_WIFI),
                                     word("multicast-router", IFLA_BRPORT_MULTICAST_ROUTER, 1, port_routers),
                                     boolean("multicast-fast-leave", IFLA_BRPORT_FAST_LEAVE),
                                     boolean("multicast-to-unicast", IFLA_BRPORT_MCAST_TO_UCAST),
                                     boolean("bpdu-guard", IFLA_BRPORT_GUARD),
                                     boolean("root-block", IFLA_BRPORT_PROTECT),
                                     boolean("vlan-tunnel", IFLA_BRPORT_VLAN_TUNNEL),
                                     number("group-forward-mask", IFLA_BRPORT_GROUP_FWD_MASK, 2, 0, max_u16),
                                     boolean("locked", IFLA_BRPORT_LOCKED)};

// The mode stands first: the kernel judges the others by it.
constexpr std::array of_bonds{word("mode", IFLA_BOND_MODE, 1, bond_modes),
                              number("ad_actor_sys_prio", IFLA_BOND_AD_ACTOR_SYS_PRIO, 2, 1, max_u16),
                              special("ad_actor_system", IFLA_BOND_AD_ACTOR_SYSTEM, OptionForm::mac),
                              word("ad_select", IFLA_BOND_AD_SELECT, 1, selections),
                              number("ad_user_port_key", IFLA_BOND_AD_USER_PORT_KEY, 2, 0, 1023),
                              word("all_slaves_active", IFLA_BOND_ALL_SLAVES_ACTIVE, 1, inactive_ports),
                              word("arp_all_targets", IFLA_BOND_ARP_ALL_TARGETS, 4, target_counts),
                              number("arp_interval", IFLA_BOND_ARP_INTERVAL, 4, 0, max_int),
                              special("arp_ip_target", IFLA_BOND_ARP_IP_TARGET, OptionForm::ipv4_list, 16),
                              number("arp_missed_max", IFLA_BOND_MISSED_MAX, 1, 1, max_u8),
                              word("arp_validate", IFLA_BOND_ARP_VALIDATE, 4, validations),
                              number("miimon", IFLA_BOND_MIIMON, 4, 0, max_int),
                              number("downdelay", IFLA_BOND_DOWNDELAY, 4, 0, max_int),
                              number("updelay", IFLA_BOND_UPDELAY, 4, 0, max_int),
                              word("fail_over_mac", IFLA_BOND_FAIL_OVER_MAC, 1, mac_policies),
                              word("lacp_rate", IFLA_BOND_AD_LACP_RATE, 1, lacp_rates),
                              number("lp_interval", IFLA_BOND_LP_INTERVAL, 4, 1, max_int),
                              number("min_links", IFLA_BOND_MIN_LINKS, 4, 0, max_int),
                              number("num_grat_arp", IFLA_BOND_NUM_PEER_NOTIF, 1, 0, max_u8),
                              number("packets_per_slave", IFLA_BOND_PACKETS_PER_SLAVE, 4, 0, max_u16),
                              word("primary_reselect", IFLA_BOND_PRIMARY_RESELECT, 1, reselections),
                              number("resend_igmp", IFLA_BOND_RESEND_IGMP, 4, 0, max_u8),
                              boolean("tlb_dynamic_lb", IFLA_BOND_TLB_DYNAMIC_LB),
                              boolean("use_carrier", IFLA_BOND_USE_CARRIER),
                              word("xmit_hash_policy", IFLA_BOND_XMIT_HASH_POLICY, 1, hash_policies)};

constexpr std::array of_vlans{number("id", IFLA_VLAN_ID, 2, 0, 4094),
                              special("protocol", IFLA_VLAN_PROTOCOL, OptionForm::protocol),
                              OptionSpec{"registration-protocol",
                                         IFLA_VLAN_FLAGS,
                                         OptionForm::flags,
                                         0,
                                         0,
                                         VLAN_FLAG_GVRP | VLAN_FLAG_MVRP,
                                         registrations},
                              special("reorder-headers", IFLA_VLAN_FLAGS, OptionForm::flags, VLAN_FLAG_REORDER_HDR),
                              special("loose-binding", IFLA_VLAN_FLAGS, OptionForm::flags, VLAN_FLAG_LOOSE_BINDING)};

// A key that stands twice takes what fits: one row for each family of addresses.
constexpr std::array of_vxlans{number("id", IFLA_VXLAN_ID, 4, 0, 16777215),
                               boolean("learning", IFLA_VXLAN_LEARNING),
                               special("local", IFLA_VXLAN_LOCAL, OptionForm::ipv4),
                               special("local", IFLA_VXLAN_LOCAL6, OptionForm::ipv6),
                               special("remote", IFLA_VXLAN_GROUP, OptionForm::ipv4),
                               special("remote", IFLA_VXLAN_GROUP6, OptionForm::ipv6),
                               OptionSpec{"destination-port", IFLA_VXLAN_PORT, OptionForm::port, 2, 1, max_u16, {}}};

}  // namespace

std::span<const OptionSpec> bridge_options() noexcept
{
    return of_bridges;
}

std::span<const OptionSpec> bridge_port_options() noexcept
{
    return of_bridge_ports;
}

std::span<const OptionSpec> bond_options() noexcept
{
    return of_bonds;
}

std::span<const OptionSpec> vlan_options() noexcept
{
    return of_vlans;
}

std::span<const OptionSpec> vxlan_options() noexcept
{
    return of_vxlans;
}

}  // namespace kvmkit::net
