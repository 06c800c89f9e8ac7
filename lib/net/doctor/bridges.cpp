// SPDX-License-Identifier: Apache-2.0
#include "net/doctor/doctor.hpp"
#include "net/doctor/lasting.hpp"
#include "net/doctor/words.hpp"

#include <linux/if_bridge.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

constexpr unsigned address_was_set = 3;  // NET_ADDR_SET
constexpr unsigned ticks_per_second = 100;

template <class Row>
void for_each_bridge(const DoctorFacts& facts, const Row& row)
{
    for (const Link& link : facts.network.links) {
        if (link.is_bridge()) {
            row(link);
        }
    }
}

/// Ports that may lead to the same LAN twice: taps end in a VM.
std::size_t ways_out(const Network& network, const Link& bridge)
{
    const auto ports = ports_of(network, bridge);
    return static_cast<std::size_t>(std::ranges::count_if(ports, [](const Link* port) { return !port->is_tap(); }));
}

bool runs_stp(const Link& bridge)
{
    return option_or(bridge.options, IFLA_BR_STP_STATE, 0) != 0;
}

void mac_unpinned(const DoctorFacts& facts, std::vector<Finding>& found)
{
    for_each_bridge(facts, [&](const Link& bridge) {
        const bool in_use = !bridge.addresses.empty() || !ports_of(facts.network, bridge).empty();
        if (!in_use || !bridge.mac || bridge.mac->is_zero()) {
            return;
        }
        const std::string& name = bridge.name.str();
        const LinkFacts* own = facts_of(facts, bridge);
        if (own == nullptr || !own->address_assign_type) {
            found.push_back({"bridge.mac-unpinned",
                             Gravity::unknown,
                             {name},
                             fmt::format("cannot tell whether the MAC of {} is pinned: /sys does not say", name),
                             "it may change when VMs come and go"});
        } else if (*own->address_assign_type != address_was_set) {
            found.push_back(
                {"bridge.mac-unpinned",
                 Gravity::risk,
                 {name},
                 fmt::format("the MAC {} of {} is not pinned (addr_assign_type {})",
                             bridge.mac->str(),
                             name,
                             *own->address_assign_type),
                 "it becomes the lowest of its ports' MACs when a VM starts or stops: connections freeze and "
                 "DHCP gives another address",
                 {command({"ip", "link", "set", name, "address", bridge.mac->str()})},
                 {keep_link(name)}});
        }
    });
}

void stp_delay(const DoctorFacts& facts, std::vector<Finding>& found)
{
    for_each_bridge(facts, [&](const Link& bridge) {
        const auto ticks = option_or(bridge.options, IFLA_BR_FORWARD_DELAY, 0);
        if (!runs_stp(bridge) || ticks == 0) {
            return;
        }
        const std::string& name = bridge.name.str();
        const bool may_loop = ways_out(facts.network, bridge) > 1;
        Finding finding{
            "bridge.stp-delay",
            may_loop ? Gravity::note : Gravity::risk,
            {name},
            fmt::format("{} runs the spanning tree with a forward delay of {} s", name, ticks / ticks_per_second),
            fmt::format("a VM that starts hears and says nothing for {} s, in which DHCP and PXE give up",
                        2 * ticks / ticks_per_second)};
        if (may_loop) {
            finding.why += "; it has more than one port that may lead out, so the tree may be what keeps a loop apart";
        } else {
            finding.commands = {command({"ip", "link", "set", name, "type", "bridge", "stp_state", "0"})};
            finding.keep = {keep_link(name)};
        }
        found.push_back(std::move(finding));
    });
}

/// While the tree runs, the kernel takes no state from others; once it is off, a port still waits out its delay.
std::vector<std::string> forward_now(const Link& bridge, const Link& port)
{
    auto forward = command({"bridge", "link", "set", "dev", port.name.str(), "state", "3"});
    if (!runs_stp(bridge)) {
        return {forward};
    }
    return {command({"ip", "link", "set", bridge.name.str(), "type", "bridge", "stp_state", "0"}), forward};
}

void port_does_not_forward(const DoctorFacts& facts, std::vector<Finding>& found)
{
    constexpr std::array<std::string_view, 5> words{"disabled", "listening", "learning", "forwarding", "blocking"};
    for_each_bridge(facts, [&](const Link& bridge) {
        for (const Link* port : ports_of(facts.network, bridge)) {
            const auto state = option_or(port->port_options, IFLA_BRPORT_STATE, BR_STATE_FORWARDING);
            if (!port->up || !port->carrier || !bridge.up || state == BR_STATE_FORWARDING || state >= words.size()) {
                continue;
            }
            const std::string& name = port->name.str();
            const bool needed = runs_stp(bridge) && ways_out(facts.network, bridge) > 1;
            Finding finding{
                "port.not-forwarding",
                needed ? Gravity::risk : Gravity::fault,
                {name, bridge.name.str()},
                fmt::format("port {} of {} is {}: it forwards nothing", name, bridge.name.str(), words.at(state)),
                "whoever is behind it has no network"};
            if (needed) {
                finding.why += "; the spanning tree decides that, to keep a loop apart or until its delay is over";
            } else {
                finding.commands = forward_now(bridge, *port);
                finding.keep =
                    runs_stp(bridge) ? std::vector{keep_link(bridge.name.str())} : std::vector<std::string>{};
            }
            found.push_back(std::move(finding));
        }
    });
}

void snooping_without_querier(const DoctorFacts& facts, std::vector<Finding>& found)
{
    for_each_bridge(facts, [&](const Link& bridge) {
        const bool snoops = option_or(bridge.options, IFLA_BR_MCAST_SNOOPING, 0) != 0;
        const bool asks = option_or(bridge.options, IFLA_BR_MCAST_QUERIER, 0) != 0;
        const bool heard = find(bridge.options, IFLA_BR_MCAST_QUERIER_STATE) != nullptr;
        if (!snoops || asks || heard || ports_of(facts.network, bridge).size() < 2) {
            return;
        }
        const std::string& name = bridge.name.str();
        found.push_back(
            {"bridge.snooping-no-querier",
             Gravity::note,
             {name},
             fmt::format("{} looks into multicast (mcast_snooping 1), but nobody asks who wants it: its own "
                         "querier is off, no other was heard",
                         name),
             "as long as nobody asks, the kernel (3.11 and newer) floods multicast as if it did not look; where IPv6 "
             "or mDNS stop after minutes all the same, switch it off",
             {command({"ip", "link", "set", name, "type", "bridge", "mcast_snooping", "0"})},
             {keep_link(name)}});
    });
}

void no_carrier(const DoctorFacts& facts, std::vector<Finding>& found)
{
    for_each_bridge(facts, [&](const Link& bridge) {
        if (!bridge.up || bridge.carrier || host_addresses(bridge).empty()) {
            return;
        }
        const std::string& name = bridge.name.str();
        const auto ports = ports_of(facts.network, bridge);
        Finding finding{"bridge.no-carrier",
                        ports.empty() ? Gravity::note : Gravity::risk,
                        {name},
                        fmt::format("{} has addresses, but no carrier: {}",
                                    name,
                                    ports.empty() ? "it has no ports" : "none of its ports forwards"),
                        "its addresses cannot be reached, and systemd-networkd may take them away"};
        for (const Link* port : ports) {
            if (!port->up) {
                finding.commands.push_back(command({"ip", "link", "set", port->name.str(), "up"}));
            }
        }
        if (!finding.commands.empty()) {
            finding.keep = {keep_link(name)};
        }
        found.push_back(std::move(finding));
    });
}

/// How frames go past iptables again: the switch of all bridges, and those of single ones.
void go_past_iptables(Finding& finding, const DoctorFacts& facts, const std::vector<const Link*>& bridges)
{
    const auto switch_off = [&finding, &facts](bool on, const std::string& name) {
        if (on) {
            finding.commands.push_back(sysctl_command("net/bridge/" + name, 0));
            if (!facts.systemd_sysctl.empty()) {  // else nobody sets it once the module is loaded, after the others
                finding.keep.push_back(keep_sysctl(name, "net/bridge/" + name, 0));
            }
        }
    };
    switch_off(facts.bridges_ask_iptables, "bridge-nf-call-iptables");
    switch_off(facts.bridges_ask_ip6tables, "bridge-nf-call-ip6tables");
    if (!finding.keep.empty()) {
        finding.keep.push_back(keep_bridge_settings(facts.systemd_sysctl));
    }
    for (const Link* bridge : bridges) {
        const std::string& name = bridge->name.str();
        if (option_or(bridge->options, IFLA_BR_NF_CALL_IPTABLES, 0) != 0) {
            finding.commands.push_back(command({"ip", "link", "set", name, "type", "bridge", "nf_call_iptables", "0"}));
            finding.keep.push_back(keep_link(name));
        }
    }
}

void firewall(const DoctorFacts& facts, std::vector<Finding>& found)
{
    const auto bridges = filtered_bridges(facts);
    if (bridges.empty()) {
        return;
    }
    const auto names = fmt::format("{}", fmt::join(names_of(bridges), ", "));
    Finding finding{"bridge.firewall", Gravity::fault, names_of(bridges)};
    if (!facts.forward_policy && !facts.firewalld_runs) {
        finding.gravity = Gravity::unknown;
        finding.message =
            fmt::format("cannot tell whether the firewall drops what {} carries (bridge-nf-call-iptables is on): {}",
                        names,
                        facts.forward_policy.error().message);
        finding.why = "with policy DROP in chain FORWARD, as Docker sets it, VMs get ARP but no IP";
    } else if (facts.forward_policy && *facts.forward_policy == "drop") {
        finding.message = fmt::format(
            "what {} carries passes iptables (bridge-nf-call-iptables is on), whose chain FORWARD has policy DROP",
            names);
        finding.why = fmt::format(
            "VMs get ARP but no IP. Where Docker or Kubernetes need the switch, let the bridge through instead: {}",
            command({"iptables",
                     "-I",
                     "FORWARD",
                     "-i",
                     names_of(bridges).front(),
                     "-o",
                     names_of(bridges).front(),
                     "-j",
                     "ACCEPT"}));
        go_past_iptables(finding, facts, bridges);
    } else if (facts.firewalld_runs) {
        finding.gravity = Gravity::risk;
        finding.message =
            fmt::format("what {} carries passes firewalld's rules (bridge-nf-call-iptables is on)", names);
        finding.why = "firewalld rejects what it has no rule for between the ports of a bridge";
        go_past_iptables(finding, facts, bridges);
    } else {
        return;
    }
    found.push_back(std::move(finding));
}

constexpr std::array<Examine, 6> rows{
    mac_unpinned, firewall, stp_delay, port_does_not_forward, snooping_without_querier, no_carrier};

}  // namespace

std::span<const Examine> bridge_examinations() noexcept
{
    return rows;
}

}  // namespace kvmkit::net
