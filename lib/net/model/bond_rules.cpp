// SPDX-License-Identifier: Apache-2.0
#include "net/model/bond_rules.hpp"

#include "net/model/option.hpp"

#include <linux/if_bonding.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

constexpr unsigned bit(unsigned mode)
{
    return 1U << mode;
}

constexpr unsigned by_arp =
    bit(BOND_MODE_ROUNDROBIN) | bit(BOND_MODE_ACTIVEBACKUP) | bit(BOND_MODE_XOR) | bit(BOND_MODE_BROADCAST);
constexpr unsigned with_lacp = bit(BOND_MODE_8023AD);

struct ModesOf {
    std::uint16_t type;
    unsigned modes;
};

/// What goes with some modes only.
constexpr std::array rules{ModesOf{IFLA_BOND_AD_ACTOR_SYS_PRIO, with_lacp},
                           ModesOf{IFLA_BOND_AD_ACTOR_SYSTEM, with_lacp},
                           ModesOf{IFLA_BOND_AD_USER_PORT_KEY, with_lacp},
                           ModesOf{IFLA_BOND_AD_LACP_RATE, with_lacp},
                           ModesOf{IFLA_BOND_AD_LACP_ACTIVE, with_lacp},
                           ModesOf{IFLA_BOND_AD_SELECT, with_lacp},
                           ModesOf{IFLA_BOND_MISSED_MAX, by_arp},
                           ModesOf{IFLA_BOND_ARP_INTERVAL, by_arp},
                           ModesOf{IFLA_BOND_ARP_VALIDATE, by_arp},
                           ModesOf{IFLA_BOND_PACKETS_PER_SLAVE, bit(BOND_MODE_ROUNDROBIN)},
                           ModesOf{IFLA_BOND_TLB_DYNAMIC_LB, bit(BOND_MODE_TLB) | bit(BOND_MODE_ALB)}};

unsigned modes_of(std::uint16_t type)
{
    constexpr unsigned all = ~0U;
    const auto rule = std::ranges::find(rules, type, &ModesOf::type);
    return rule == rules.end() ? all : rule->modes;
}

}  // namespace

bool bond_option_fits(std::uint16_t type, unsigned mode)
{
    return mode <= BOND_MODE_ALB && (modes_of(type) & bit(mode)) != 0;
}

std::string bond_modes_of(std::uint16_t type)
{
    const OptionSpec& mode = bond_options().front();
    std::vector<std::string_view> names;
    for (const OptionWord& word : mode.words) {
        if (bond_option_fits(type, static_cast<unsigned>(word.number))) {
            names.push_back(word.text);
        }
    }
    return fmt::format("{}", fmt::join(names, ", "));
}

}  // namespace kvmkit::net
