// SPDX-License-Identifier: Apache-2.0
#include "net/doctor/doctor.hpp"

#include "net/doctor/words.hpp"

#include <linux/if_link.h>

#include <algorithm>
#include <array>

namespace kvmkit::net {

const LinkFacts* facts_of(const DoctorFacts& facts, const Link& link)
{
    const auto found = std::ranges::find(facts.links, link.index, &LinkFacts::index);
    return found == facts.links.end() ? nullptr : &*found;
}

std::vector<const Link*> filtered_bridges(const DoctorFacts& facts)
{
    std::vector<const Link*> bridges;
    for (const Link& link : facts.network.links) {
        const bool asks = facts.bridges_ask_iptables || option_or(link.options, IFLA_BR_NF_CALL_IPTABLES, 0) != 0;
        if (link.is_bridge() && asks && !ports_of(facts.network, link).empty()) {
            bridges.push_back(&link);
        }
    }
    return bridges;
}

std::string_view word_of(Gravity gravity) noexcept
{
    switch (gravity) {
        case Gravity::fault: return "fault";
        case Gravity::risk: return "risk";
        case Gravity::unknown: return "unknown";
        case Gravity::note: break;
    }
    return "note";
}

std::vector<Finding> examine(const DoctorFacts& facts)
{
    std::vector<Finding> found;
    for (const auto rows : {bridge_examinations(), port_examinations(), host_examinations(), access_examinations()}) {
        for (const Examine row : rows) {
            row(facts, found);
        }
    }
    std::ranges::stable_sort(found, {}, &Finding::gravity);
    return found;
}

}  // namespace kvmkit::net
