// SPDX-License-Identifier: Apache-2.0
#include "net/planner/internal/features.hpp"

#include <linux/if_link.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

struct Feature {
    std::string_view name;
    std::uint16_t first;
    std::uint16_t last;
};

/// Filtering itself is told by every kernel; those that lack it refuse it.
constexpr std::array features{
    Feature{vlan_filtering, IFLA_BR_VLAN_PROTOCOL, IFLA_BR_VLAN_PROTOCOL},
    Feature{vlan_filtering, IFLA_BR_VLAN_DEFAULT_PVID, IFLA_BR_VLAN_DEFAULT_PVID},
    Feature{vlan_filtering, IFLA_BR_VLAN_STATS_ENABLED, IFLA_BR_VLAN_STATS_ENABLED},
    Feature{vlan_filtering, IFLA_BR_VLAN_STATS_PER_PORT, IFLA_BR_VLAN_STATS_PER_PORT},
    Feature{"CONFIG_BRIDGE_IGMP_SNOOPING", IFLA_BR_MCAST_ROUTER, IFLA_BR_MCAST_STARTUP_QUERY_INTVL},
    Feature{"CONFIG_BRIDGE_IGMP_SNOOPING", IFLA_BR_MCAST_STATS_ENABLED, IFLA_BR_MCAST_MLD_VERSION},
    Feature{"CONFIG_BRIDGE_NETFILTER", IFLA_BR_NF_CALL_IPTABLES, IFLA_BR_NF_CALL_ARPTABLES}};

/// Bridges tell all that their kernel has; a link of which nothing is known shows nothing.
bool lacks(const Link& bridge, std::uint16_t type)
{
    return bridge.is_bridge() && find(bridge.options, IFLA_BR_FORWARD_DELAY) != nullptr &&
           find(bridge.options, type) == nullptr;
}

const OptionSpec& spec_of(std::uint16_t type)
{
    return *std::ranges::find(bridge_options(), type, &OptionSpec::type);
}

}  // namespace

std::string_view feature_of(std::uint16_t type) noexcept
{
    const auto found = std::ranges::find_if(
        features, [type](const Feature& feature) { return type >= feature.first && type <= feature.last; });
    return found != features.end() ? found->name : std::string_view{};
}

bool knows_settings(Draft& draft, const DesiredInterface& wish, const Link* link)
{
    const auto lacking = [&](const LinkOption& option) {
        const auto shows = [&option](const Link& bridge) { return lacks(bridge, option.type); };
        const bool so = link != nullptr ? shows(*link) : std::ranges::any_of(draft.network().links, shows);
        return so && !feature_of(option.type).empty();
    };
    const bool is_bridge = link != nullptr ? link->is_bridge() : wish.kind == "bridge";
    const auto found = std::ranges::find_if(wish.options, lacking);
    if (!is_bridge || found == wish.options.end()) {
        return true;
    }
    const OptionSpec& spec = spec_of(found->type);
    draft.complain({ErrorCode::unsupported,
                    fmt::format("cannot set {}={} of bridge '{}': this kernel does not know the setting",
                                spec.key,
                                option_text(spec, *found),
                                wish.name.str()),
                    fmt::format("it may be built without {}", feature_of(found->type))},
                   wish.path.empty() ? KeyPath{} : fmt::format("{}.bridge.options.{}", wish.path, spec.key));
    return false;
}

}  // namespace kvmkit::net
