// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"

#include <linux/if_bridge.h>
#include <linux/if_link.h>

#include <string>
#include <utility>

namespace kvmkit::testing {

/// A network built link by link; the index of each is its place, beginning with 1.
class NetworkOf {
public:
    /// A link that is up, running and carries Ethernet.
    net::Link& add(const std::string& name, const std::string& kind = "")
    {
        const int index = static_cast<int>(network_.links.size()) + 1;
        network_.links.push_back({.name = net::LinkName::from_kernel(name),
                                  .index = index,
                                  .kind = kind,
                                  .mac = net::MacAddress{{0x52, 0x54, 0, 0, 0, static_cast<std::uint8_t>(index)}},
                                  .mtu = 1500,
                                  .up = true,
                                  .running = true,
                                  .carrier = true,
                                  .state = "up",
                                  .ethernet = true});
        return network_.links.back();
    }

    net::Link& port(const std::string& name, const std::string& kind, const std::string& master)
    {
        const int index = at(master).index;
        net::Link& link = add(name, kind);
        link.master = index;
        return link;
    }

    net::Link& vlan(const std::string& name, net::VlanId id, const std::string& lower)
    {
        const int index = at(lower).index;
        net::Link& link = add(name, "vlan");
        link.lower = index;
        link.options = {net::number_option(IFLA_VLAN_ID, id, 2)};
        return link;
    }

    net::Link& at(const std::string& name)
    {
        return const_cast<net::Link&>(*net::find(network_, net::LinkName::from_kernel(name)));
    }

    static void address(net::Link& link, const std::string& text)
    {
        link.addresses.push_back(*net::InterfaceAddress::parse(text));
    }

    net::Network& network() { return network_; }

private:
    net::Network network_;
};

}  // namespace kvmkit::testing
