// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/bridge_options.hpp"

#include <linux/if_bridge.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace kvmkit::net {
namespace {

constexpr std::array settable{IFLA_BR_FORWARD_DELAY,
                              IFLA_BR_HELLO_TIME,
                              IFLA_BR_MAX_AGE,
                              IFLA_BR_AGEING_TIME,
                              IFLA_BR_STP_STATE,
                              IFLA_BR_PRIORITY,
                              IFLA_BR_VLAN_FILTERING,
                              IFLA_BR_VLAN_PROTOCOL,
                              IFLA_BR_GROUP_FWD_MASK,
                              IFLA_BR_MCAST_ROUTER,
                              IFLA_BR_MCAST_SNOOPING,
                              IFLA_BR_MCAST_QUERY_USE_IFADDR,
                              IFLA_BR_MCAST_QUERIER,
                              IFLA_BR_MCAST_HASH_MAX,
                              IFLA_BR_MCAST_LAST_MEMBER_CNT,
                              IFLA_BR_MCAST_STARTUP_QUERY_CNT,
                              IFLA_BR_MCAST_LAST_MEMBER_INTVL,
                              IFLA_BR_MCAST_MEMBERSHIP_INTVL,
                              IFLA_BR_MCAST_QUERIER_INTVL,
                              IFLA_BR_MCAST_QUERY_INTVL,
                              IFLA_BR_MCAST_QUERY_RESPONSE_INTVL,
                              IFLA_BR_MCAST_STARTUP_QUERY_INTVL,
                              IFLA_BR_NF_CALL_IPTABLES,
                              IFLA_BR_NF_CALL_IP6TABLES,
                              IFLA_BR_NF_CALL_ARPTABLES,
                              IFLA_BR_VLAN_DEFAULT_PVID,
                              IFLA_BR_VLAN_STATS_ENABLED,
                              IFLA_BR_MCAST_STATS_ENABLED,
                              IFLA_BR_MCAST_IGMP_VERSION,
                              IFLA_BR_MCAST_MLD_VERSION,
                              IFLA_BR_VLAN_STATS_PER_PORT,
                              IFLA_BR_MULTI_BOOLOPT};

}  // namespace

LinkOptions new_bridge_options()
{
    return {number_option(IFLA_BR_STP_STATE, 0, 4), number_option(IFLA_BR_FORWARD_DELAY, 0, 4)};
}

std::optional<LinkOption> bridge_option_to_give_back(const LinkOption& told)
{
    const bool off = told.bytes.find_first_not_of('\0') == std::string::npos;
    if (std::ranges::find(settable, told.type) == settable.end() || (told.type == IFLA_BR_VLAN_FILTERING && off)) {
        return std::nullopt;
    }
    br_boolopt_multi switches{};
    if (told.type != IFLA_BR_MULTI_BOOLOPT || told.bytes.size() != sizeof(switches)) {
        return told;
    }
    std::memcpy(&switches, told.bytes.data(), sizeof(switches));
    if (switches.optval == 0) {
        return std::nullopt;
    }
    switches.optmask = switches.optval;
    LinkOption only_those_on = told;
    std::memcpy(only_those_on.bytes.data(), &switches, sizeof(switches));
    return only_those_on;
}

std::vector<LinkOptions> options_in_turn(std::string_view kind, const LinkOptions& options)
{
    const LinkOption* state = kind == "bridge" ? find(options, IFLA_BR_STP_STATE) : nullptr;
    const bool stops = state != nullptr && state->bytes.find_first_not_of('\0') == std::string::npos;
    if (!stops || find(options, IFLA_BR_FORWARD_DELAY) == nullptr) {
        return {options};
    }
    return {{*state}, options};
}

}  // namespace kvmkit::net
