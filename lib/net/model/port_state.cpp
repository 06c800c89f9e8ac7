// SPDX-License-Identifier: Apache-2.0
#include "net/model/port_state.hpp"

#include "net/model/option.hpp"

#include <linux/if_bridge.h>
#include <linux/if_link.h>

#include <array>

namespace kvmkit::net {
namespace {

std::uint64_t number_or(const LinkOptions& options, std::uint16_t type, std::uint64_t otherwise)
{
    const LinkOption* option = find(options, type);
    return option == nullptr ? otherwise : option_number(*option).value_or(otherwise);
}

}  // namespace

bool keeps_vlans_apart(const Link& bridge)
{
    return bridge.is_bridge() && number_or(bridge.options, IFLA_BR_VLAN_FILTERING, 0) != 0;
}

std::chrono::seconds silence_of_new_port(const Link& bridge)
{
    constexpr std::uint64_t ticks_per_second = 100;
    if (number_or(bridge.options, IFLA_BR_STP_STATE, 0) == 0) {
        return std::chrono::seconds{0};
    }
    const auto delay = number_or(bridge.options, IFLA_BR_FORWARD_DELAY, 15 * ticks_per_second);
    return std::chrono::seconds{2 * ((delay + ticks_per_second - 1) / ticks_per_second)};
}

std::string_view port_state(const Link& port)
{
    constexpr std::array<std::string_view, 5> words{"disabled", "listening", "learning", "forwarding", "blocking"};
    static_assert(BR_STATE_FORWARDING == 3 && BR_STATE_BLOCKING == 4);
    const auto state = number_or(port.port_options, IFLA_BRPORT_STATE, BR_STATE_DISABLED);
    return state < words.size() ? words.at(state) : words.front();
}

VlanMembership access_to(VlanId vlan)
{
    VlanMembership membership;
    membership.members.add(vlan);
    membership.untagged.add(vlan);
    membership.pvid = vlan;
    return membership;
}

}  // namespace kvmkit::net
