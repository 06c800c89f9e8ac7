// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/link_kinds.hpp"

#include "net/model/bond_rules.hpp"
#include "net/netlink/bridge_options.hpp"

#include <linux/if_link.h>
#include <linux/if_vlan.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace kvmkit::net {
namespace {

/// A setting that a new link has.
struct Default {
    std::uint16_t type;
    std::uint64_t number;
};

/// drivers/net/bonding/bond_main.c, bond_check_params() and bond_setup().
constexpr std::array bond_defaults{Default{IFLA_BOND_MIIMON, 0},
                                   Default{IFLA_BOND_UPDELAY, 0},
                                   Default{IFLA_BOND_DOWNDELAY, 0},
                                   Default{IFLA_BOND_USE_CARRIER, 1},
                                   Default{IFLA_BOND_ARP_INTERVAL, 0},
                                   Default{IFLA_BOND_ARP_VALIDATE, 0},
                                   Default{IFLA_BOND_ARP_ALL_TARGETS, 0},
                                   Default{IFLA_BOND_PRIMARY_RESELECT, 0},
                                   Default{IFLA_BOND_FAIL_OVER_MAC, 0},
                                   Default{IFLA_BOND_XMIT_HASH_POLICY, 0},
                                   Default{IFLA_BOND_RESEND_IGMP, 1},
                                   Default{IFLA_BOND_NUM_PEER_NOTIF, 1},
                                   Default{IFLA_BOND_ALL_SLAVES_ACTIVE, 0},
                                   Default{IFLA_BOND_MIN_LINKS, 0},
                                   Default{IFLA_BOND_LP_INTERVAL, 1},
                                   Default{IFLA_BOND_PACKETS_PER_SLAVE, 1},
                                   Default{IFLA_BOND_AD_LACP_RATE, 0},
                                   Default{IFLA_BOND_AD_SELECT, 0},
                                   Default{IFLA_BOND_AD_ACTOR_SYS_PRIO, 65535},
                                   Default{IFLA_BOND_AD_USER_PORT_KEY, 0},
                                   Default{IFLA_BOND_TLB_DYNAMIC_LB, 1},
                                   Default{IFLA_BOND_PEER_NOTIF_DELAY, 0},
                                   Default{IFLA_BOND_AD_LACP_ACTIVE, 1},
                                   Default{IFLA_BOND_MISSED_MAX, 2}};

/// No new bond has any.
constexpr std::array<std::uint16_t, 3> bond_addresses{
    IFLA_BOND_ARP_IP_TARGET, IFLA_BOND_NS_IP6_TARGET, IFLA_BOND_AD_ACTOR_SYSTEM};

constexpr std::array<std::uint16_t, 5> vlan_settings{
    IFLA_VLAN_ID, IFLA_VLAN_FLAGS, IFLA_VLAN_EGRESS_QOS, IFLA_VLAN_INGRESS_QOS, IFLA_VLAN_PROTOCOL};

constexpr std::array<std::uint16_t, 12> vxlan_settings{IFLA_VXLAN_ID,
                                                       IFLA_VXLAN_GROUP,
                                                       IFLA_VXLAN_GROUP6,
                                                       IFLA_VXLAN_LOCAL,
                                                       IFLA_VXLAN_LOCAL6,
                                                       IFLA_VXLAN_PORT,
                                                       IFLA_VXLAN_PORT_RANGE,
                                                       IFLA_VXLAN_LEARNING,
                                                       IFLA_VXLAN_TTL,
                                                       IFLA_VXLAN_TOS,
                                                       IFLA_VXLAN_AGEING,
                                                       IFLA_VXLAN_LIMIT};

bool all_zero(const LinkOption& option)
{
    return option.bytes.find_first_not_of('\0') == std::string::npos;
}

bool worth_giving_to_a_bond(const LinkOption& told, unsigned mode)
{
    if (told.type == IFLA_BOND_MODE) {
        return true;
    }
    if (std::ranges::find(bond_addresses, told.type) != bond_addresses.end()) {
        return bond_option_fits(told.type, mode) && !all_zero(told);
    }
    // Of what newer kernels have besides nobody knows here with which modes it goes.
    const auto usual = std::ranges::find(bond_defaults, told.type, &Default::type);
    return usual != bond_defaults.end() && option_number(told) != usual->number && bond_option_fits(told.type, mode);
}

/// The kernel tells all bits of the mask, and refuses those that it has no flags for.
LinkOption vlan_flags_to_give_back(const LinkOption& told)
{
    constexpr std::uint32_t since_always =
        VLAN_FLAG_REORDER_HDR | VLAN_FLAG_GVRP | VLAN_FLAG_LOOSE_BINDING | VLAN_FLAG_MVRP;
    ifla_vlan_flags flags{};
    LinkOption option = told;
    if (option.bytes.size() == sizeof(flags)) {
        std::memcpy(&flags, option.bytes.data(), sizeof(flags));
        flags.mask = since_always | flags.flags;
        std::memcpy(option.bytes.data(), &flags, sizeof(flags));
    }
    return option;
}

std::optional<LinkOption> one_to_give_back(std::string_view kind, const LinkOption& told, unsigned bond_mode)
{
    if (kind == "bridge") {
        return bridge_option_to_give_back(told);
    }
    if (kind == "vlan" && told.type == IFLA_VLAN_FLAGS) {
        return vlan_flags_to_give_back(told);
    }
    const bool keep = (kind == "vlan" && std::ranges::find(vlan_settings, told.type) != vlan_settings.end()) ||
                      (kind == "bond" && worth_giving_to_a_bond(told, bond_mode)) ||
                      (kind == "vxlan" && std::ranges::find(vxlan_settings, told.type) != vxlan_settings.end() &&
                       (told.type == IFLA_VXLAN_LEARNING || told.type == IFLA_VXLAN_ID || !all_zero(told)));
    return keep ? std::optional{told} : std::nullopt;
}

}  // namespace

LinkOptions to_give_back(std::string_view kind, const LinkOptions& told)
{
    LinkOptions settings;
    const LinkOption* mode = kind == "bond" ? find(told, IFLA_BOND_MODE) : nullptr;
    const auto bond_mode = static_cast<unsigned>(mode != nullptr ? option_number(*mode).value_or(0) : 0);
    for (const LinkOption& option : told) {
        if (auto setting = one_to_give_back(kind, option, bond_mode)) {
            settings.push_back(std::move(*setting));
        }
    }
    return settings;
}

LinkOptions to_give_back_to_port(const LinkOptions& told)
{
    LinkOptions settings;
    const auto known = bridge_port_options();
    for (const LinkOption& option : told) {
        const bool settable = std::any_of(
            known.begin(), known.end(), [&option](const OptionSpec& spec) { return spec.type == option.type; });
        // Flags that are off are off in a new port, too; some that are on must be told off.
        const bool on_in_a_new_one = option.type == IFLA_BRPORT_LEARNING || option.type == IFLA_BRPORT_UNICAST_FLOOD ||
                                     option.type == IFLA_BRPORT_MCAST_FLOOD || option.type == IFLA_BRPORT_BCAST_FLOOD;
        if (settable && (on_in_a_new_one || !all_zero(option))) {
            settings.push_back(option);
        }
    }
    return settings;
}

std::string_view module_of(std::string_view kind) noexcept
{
    constexpr std::array<std::pair<std::string_view, std::string_view>, 6> modules{{{"vlan", "8021q"},
                                                                                    {"bond", "bonding"},
                                                                                    {"bridge", "bridge"},
                                                                                    {"dummy", "dummy"},
                                                                                    {"veth", "veth"},
                                                                                    {"vxlan", "vxlan"}}};
    for (const auto& [name, module_name] : modules) {
        if (name == kind) {
            return module_name;
        }
    }
    return {};
}

}  // namespace kvmkit::net
