// SPDX-License-Identifier: Apache-2.0
#include "net/doctor/words.hpp"

#include "system/runner.hpp"

#include <linux/if_link.h>

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {

std::uint64_t option_or(const LinkOptions& options, std::uint16_t type, std::uint64_t otherwise)
{
    const LinkOption* option = find(options, type);
    return option != nullptr ? option_number(*option).value_or(otherwise) : otherwise;
}

std::string command(std::initializer_list<std::string> argv)
{
    return shell_line(argv);
}

std::string sysctl_command(const std::string& path, unsigned value)
{
    return shell_line({"sysctl", "-w", fmt::format("{}={}", path, value)});
}

std::vector<InterfaceAddress> host_addresses(const Link& link)
{
    std::vector<InterfaceAddress> addresses;
    std::ranges::copy_if(link.addresses, std::back_inserter(addresses), [](const InterfaceAddress& address) {
        return !address.is_ipv6_link_local();
    });
    return addresses;
}

const Link* bridge_of(const Network& network, const Link& port)
{
    const Link* master = port.master != 0 ? find(network, port.master) : nullptr;
    return master != nullptr && master->is_bridge() ? master : nullptr;
}

bool filters_vlans(const Link& bridge)
{
    return bridge.is_bridge() && option_or(bridge.options, IFLA_BR_VLAN_FILTERING, 0) != 0;
}

VlanId vlan_of(const Link& link)
{
    return static_cast<VlanId>(option_or(link.options, IFLA_VLAN_ID, 0));
}

std::vector<std::string> names_of(const std::vector<const Link*>& links)
{
    std::vector<std::string> names;
    names.reserve(links.size());
    for (const Link* link : links) {
        names.push_back(link->name.str());
    }
    return names;
}

}  // namespace kvmkit::net
