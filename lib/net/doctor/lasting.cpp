// SPDX-License-Identifier: Apache-2.0
#include "net/doctor/lasting.hpp"

#include "base/shell.hpp"
#include "net/persist/own_files.hpp"
#include "system/runner.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

/// One command, so that sudo before it is enough.
std::string write_file(const std::string& folder, const std::string& name, const std::string& line)
{
    const auto write =
        fmt::format(R"(mkdir -p {0} && printf %s\\n {1} > {0}/{2})", folder, shell_word(line), shell_word(name));
    return shell_line({"sh", "-c", write});
}

/// Bridges of libvirt, Docker and their like have no card among their ports, and are made by these.
bool leads_to_a_card(const Network& network, const Link& link)
{
    const auto ports = ports_of(network, link);
    return link.kind == "vlan" || link.kind == "bond" || std::ranges::any_of(ports, [](const Link* port) {
               return (port->kind.empty() && port->ethernet) || port->kind == "vlan" || port->kind == "bond";
           });
}

/// Files that keep a link keep what it stands on, and the VLANs on it.
bool has_own_files(const Network& network, const Link& link, const Root& root)
{
    return std::ranges::any_of(network.links, [&](const Link& each) {
        const bool related = each.index == link.index || each.index == link.master || link_below(each) == link.index ||
                             each.index == link_below(link);
        return related && !own_files(root, each.name.str()).empty();
    });
}

std::string write_rule(const std::string& about, const std::string& rule)
{
    return write_file("/etc/udev/rules.d", fmt::format("90-kvmkit-{}.rules", about), rule);
}

}  // namespace

std::vector<LinkName> links_until_boot(const Network& network, const std::vector<Ownership>& owners, const Root& root)
{
    std::vector<const Link*> loose;
    for (const Link& link : network.links) {
        const bool ours = link.kind == "bridge" || link.kind == "vlan" || link.kind == "bond";
        const bool claimed = std::ranges::any_of(
            owners, [&link](const Ownership& one) { return one.link == link.name && !one.claims.empty(); });
        if (ours && !claimed && leads_to_a_card(network, link) && !has_own_files(network, link, root)) {
            loose.push_back(&link);
        }
    }
    std::vector<LinkName> names;
    for (const Link* link : loose) {
        const bool kept_with_another = std::ranges::any_of(loose, [link](const Link* other) {
            return link->master == other->index || link_below(*other) == link->index;
        });
        if (!kept_with_another) {
            names.push_back(link->name);
        }
    }
    return names;
}

std::string keep_link(const std::string& link)
{
    return shell_line({"net-setup", "persist", link});
}

std::string keep_sysctl(const std::string& about, const std::string& path, unsigned value)
{
    return write_file("/etc/sysctl.d", fmt::format("zz-kvmkit-{}.conf", about), fmt::format("{}={}", path, value));
}

std::vector<std::string> keep_by_udev(const std::string& about,
                                      const std::string& link,
                                      std::initializer_list<std::string> argv)
{
    if (!is_plain_word(link) || link.find('%') != std::string::npos) {
        return {};
    }
    // A card that udev renames appears by its new name with the second event.
    return {write_rule(
        about,
        fmt::format(R"(ACTION=="add|move", SUBSYSTEM=="net", KERNEL=="{}", RUN+="{}")", link, fmt::join(argv, " ")))};
}

std::string keep_bridge_settings(const std::string& systemd_sysctl)
{
    return write_rule("br_netfilter",
                      fmt::format(R"(ACTION=="add", SUBSYSTEM=="module", KERNEL=="br_netfilter", )"
                                  R"(RUN+="{} --prefix=/net/bridge")",
                                  systemd_sysctl));
}

}  // namespace kvmkit::net
