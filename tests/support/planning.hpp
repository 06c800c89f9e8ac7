// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/planner/state_plan.hpp"

#include <string>
#include <utility>
#include <vector>

namespace kvmkit::testing {

/// Steps in words, or the one complaint.
using Texts = std::vector<std::string>;

inline const net::Birthmark birthmark{net::MacAddress{{0x02, 0, 0, 0, 0, 0xff}}, 77};

inline net::LinkName name(const std::string& text)
{
    return net::LinkName::from_kernel(text);
}

inline net::InterfaceAddress address(const std::string& text)
{
    return *net::InterfaceAddress::parse(text);
}

inline net::Link card(int index, const std::string& text)
{
    return {.name = name(text),
            .index = index,
            .mac = net::MacAddress{{0x52, 0x54, 0, 0, 0, static_cast<std::uint8_t>(index)}},
            .mtu = 1500,
            .up = true,
            .ethernet = true};
}

inline net::DesiredInterface wish(const std::string& text, const std::string& kind)
{
    return {.name = name(text), .kind = kind, .path = "interfaces[" + text + "]"};
}

inline net::DesiredNetwork wishes(std::vector<net::DesiredInterface> interfaces)
{
    return {.interfaces = std::move(interfaces)};
}

inline Texts texts(const net::Drafted& drafted)
{
    if (drafted.complaint) {
        return {"complaint: " + drafted.complaint->error.message + " @ " + drafted.complaint->at};
    }
    Texts texts;
    for (const net::Step& step : drafted.plan) {
        texts.push_back(describe(step.action));
    }
    return texts;
}

inline Texts plan(const net::Network& network, const net::DesiredNetwork& wanted)
{
    return texts(plan_state(network, wanted, birthmark));
}

}  // namespace kvmkit::testing
