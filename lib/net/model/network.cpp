// SPDX-License-Identifier: Apache-2.0
#include "net/model/network.hpp"

#include <algorithm>

namespace kvmkit::net {

const Link* find(const Network& network, const LinkName& name)
{
    const auto found = std::ranges::find(network.links, name, &Link::name);
    return found == network.links.end() ? nullptr : &*found;
}

const Link* find(const Network& network, int index)
{
    const auto found = std::ranges::find(network.links, index, &Link::index);
    return found == network.links.end() ? nullptr : &*found;
}

std::vector<const Link*> ports_of(const Network& network, const Link& bridge)
{
    std::vector<const Link*> ports;
    for (const Link& link : network.links) {
        if (link.master == bridge.index) {
            ports.push_back(&link);
        }
    }
    return ports;
}

}  // namespace kvmkit::net
