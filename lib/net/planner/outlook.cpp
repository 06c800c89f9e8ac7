// SPDX-License-Identifier: Apache-2.0
#include "net/planner/outlook.hpp"

#include "net/planner/expectation.hpp"

#include <set>
#include <string_view>

namespace kvmkit::net {
namespace {

constexpr unsigned usual_mtu = 1500;

/// The kernel's choice, where a plan leaves it to the kernel.
unsigned mtu_of_new(const Network& network, const Link& link)
{
    const Link* lower = link.kind != "veth" ? find(network, link_below(link)) : nullptr;
    return lower != nullptr && lower->mtu != 0 ? lower->mtu : usual_mtu;
}

}  // namespace

Network outlook(const Network& network, const Plan& plan)
{
    Expectation expected{network};
    for (const Step& step : plan) {
        (void)expected.make(expected.numbered(step.action));
    }
    Network after = expected.take();
    for (Link& link : after.links) {
        link.mtu = link.mtu != 0 ? link.mtu : mtu_of_new(after, link);
    }
    return after;
}

std::vector<LinkName> links_in(const Plan& plan)
{
    std::vector<LinkName> names;
    std::set<std::string_view> known;
    const auto add = [&](const LinkName& name) {
        if (known.insert(name.str()).second) {
            names.push_back(name);
        }
    };
    for (const Step& step : plan) {
        if (const LinkName* name = subject(step.action)) {
            add(*name);
        }
        if (const auto* handover = std::get_if<Handover>(&step.action)) {
            add(handover->port);
            add(handover->bridge);
        }
        if (const auto* attach = std::get_if<Attach>(&step.action)) {
            add(attach->bridge);
        }
        if (const auto* release = std::get_if<Release>(&step.action)) {
            add(release->bridge);
        }
    }
    return names;
}

}  // namespace kvmkit::net
