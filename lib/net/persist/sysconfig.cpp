// SPDX-License-Identifier: Apache-2.0
#include "net/persist/sysconfig.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {

void ShellText::put(std::string_view key, std::string_view value)
{
    const bool quoted = value.find(' ') != std::string_view::npos;
    text_ += fmt::format("{}={}{}{}\n", key, quoted ? "\"" : "", value, quoted ? "\"" : "");
}

bool is_ipv4(const InterfaceAddress& address)
{
    return address.family() == Family::ipv4;
}

bool is_ipv4(const KeptRoute& route)
{
    return route.destination.family() == Family::ipv4;
}

std::string bond_options(const KeptLink& bond)
{
    std::vector<std::string> options;
    options.reserve(bond.settings.size());
    for (const Setting& setting : bond.settings) {
        const bool on = setting.value == "true" || setting.value == "delivered";
        const bool off = setting.value == "false" || setting.value == "dropped";
        options.push_back(fmt::format("{}={}", setting.key, on ? "1" : off ? "0" : setting.value));
    }
    return fmt::format("{}", fmt::join(options, " "));
}

std::vector<std::string> ports_of(const Profile& profile, const KeptLink& master)
{
    std::vector<std::string> names;
    for (const KeptLink& link : profile.links) {
        if (link.port && link.port->master == master.name) {
            names.push_back(link.name.str());
        }
    }
    return names;
}

}  // namespace kvmkit::net
