// SPDX-License-Identifier: Apache-2.0
#include "net/persist/profile.hpp"

#include "base/shell.hpp"
#include "net/model/link_local.hpp"
#include "net/persist/kept_options.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr unsigned usual_mtu = 1500;
constexpr std::uint32_t usual_ipv6_metric = 1024;
constexpr unsigned host_prefix = 128;

bool is_on(const LinkOptions& options, std::uint16_t type)
{
    const LinkOption* option = find(options, type);
    return option != nullptr && option_number(*option).value_or(0) != 0;
}

bool filters_vlans(const Link& link)
{
    return link.is_bridge() && is_on(link.options, IFLA_BR_VLAN_FILTERING);
}

bool holds(const std::vector<InterfaceAddress>& addresses, const InterfaceAddress& address)
{
    return std::ranges::find(addresses, address) != addresses.end();
}

/// Finds all that belongs to the links asked for, and puts it in order.
class Closure {
public:
    explicit Closure(const Network& network) : network_(network) {}

    void visit(const Link& link)
    {
        if (std::ranges::find(found_, &link) != found_.end()) {
            return;
        }
        found_.push_back(&link);
        for (const Link& other : network_.links) {
            if (is_tied(link, other) || is_tied(other, link)) {
                visit(other);
            }
        }
    }

    /// The ones below before those that stand on them.
    [[nodiscard]] std::vector<const Link*> in_order() const
    {
        auto sorted = found_;
        std::ranges::stable_sort(sorted, {}, [this](const Link* link) { return std::pair{depth(*link), link->name}; });
        return sorted;
    }

private:
    /// What hypervisors and containers plug in comes and goes with them.
    [[nodiscard]] static bool is_guests(const Link& port)
    {
        const auto& name = port.name.str();
        return port.kind == "tun" || (port.kind == "veth" && (name.starts_with("veth") || name.starts_with("vnet")));
    }

    /// Whether `upper` stands on `lower`: as its bridge, its bond or as a VLAN.
    [[nodiscard]] static bool is_tied(const Link& upper, const Link& lower)
    {
        const bool is_port = lower.master == upper.index && !is_guests(lower);
        return is_port || (upper.kind == "vlan" && upper.lower == lower.index);
    }

    [[nodiscard]] unsigned depth(const Link& link) const
    {
        unsigned deepest = 0;
        for (const Link* other : found_) {
            if (other != &link && is_tied(link, *other)) {
                deepest = std::max(deepest, depth(*other) + 1);
            }
        }
        return deepest;
    }

    const Network& network_;
    std::vector<const Link*> found_;
};

class Drafter {
public:
    Drafter(const Network& network, const Circumstances& circumstances) : network_(network), around_(circumstances) {}

    ProfileDraft draft(const std::vector<const Link*>& links)
    {
        for (const Link* link : links) {
            draft_.profile.links.push_back(kept(*link));
        }
        return std::move(draft_);
    }

private:
    void lose(const Link& link, std::string_view what)
    {
        draft_.losses.push_back(fmt::format("{}: {}", link.name.str(), what));
    }

    KeptLink kept(const Link& link)
    {
        const Link* master = link.master != 0 ? net::find(network_, link.master) : nullptr;
        const Link* lower = link.kind == "vlan" ? net::find(network_, link.lower) : nullptr;
        const bool is_card = link.kind.empty() || (link.kind == "veth" && link.lower == 0);
        KeptLink kept{.name = link.name, .kind = is_card ? "" : link.kind};
        if (link.kind == "bridge" || link.kind == "dummy") {
            kept.mac = link.mac;
        }
        if (link.mtu != (lower != nullptr ? lower->mtu : usual_mtu)) {
            kept.mtu = link.mtu;
        }
        if (lower != nullptr) {
            kept.lower = lower->name;
        }
        kept.settings = is_card ? Settings{} : kept_options(link);
        if (filters_vlans(link) || (master != nullptr && filters_vlans(*master))) {
            kept.vlans = link.vlans;
        }
        if (!link.up) {
            lose(link, "is switched off now, and will be on");
        }
        if (link.kind == "bond" && is_on(link.options, IFLA_BOND_PRIMARY)) {
            lose(link, "its primary port is not kept");
        }
        if (master != nullptr) {
            kept.port = KeptPort{master->name, master->kind == "bond", {}};
            kept.port->settings = master->is_bridge() ? kept_port_options(link) : Settings{};
        } else {
            add_ip(link, kept);
        }
        return kept;
    }

    /// Whether a client renews a lease for it: on it, or still on the card that became its port.
    [[nodiscard]] bool has_client(const Link& link) const
    {
        const auto has = [this](const Link& one) { return around_.dhcp_links.contains(one.index); };
        const auto ports = ports_of(network_, link);
        return has(link) || std::ranges::any_of(ports, [&has](const Link* port) { return has(*port); });
    }

    void add_ip(const Link& link, KeptLink& kept)
    {
        auto leased = link.leased;
        const auto is_ipv4 = [](const InterfaceAddress& address) { return address.family() == Family::ipv4; };
        const bool leased4 = std::ranges::any_of(leased, is_ipv4);
        const auto first = std::ranges::find_if(link.addresses, is_ipv4);
        kept.dhcp4 = leased4 || (has_client(link) && first != link.addresses.end());
        if (kept.dhcp4 && !leased4) {
            leased.push_back(*first);  // some clients give the kernel no lifetime
        }
        kept.ipv6 = link.ipv6;
        kept.advertisements = link.ipv6 && link.autoconf;
        for (const InterfaceAddress& address : leased) {
            if (!is_ipv4(address) && !address.is_ipv6_link_local()) {
                (address.prefix() == host_prefix ? kept.dhcp6 : kept.advertisements) = true;
            }
        }
        for (const InterfaceAddress& address : link.addresses) {
            if (is_set_link_local(link, address)) {
                lose(link, fmt::format("its link-local address {} is not kept", address.str()));
            } else if (!holds(leased, address) && !address.is_ipv6_link_local()) {
                kept.addresses.push_back(address);
                if (find(extras_of(link, address).attributes, IFA_ADDRESS) != nullptr) {
                    lose(link, fmt::format("the other end of its address {} is not kept", address.str()));
                }
            }
        }
        for (const Route& route : network_.routes) {
            if (route.link == link.index && !comes_by_itself(route, kept, leased)) {
                add_route(route, link, kept);
            }
        }
        const bool leads_out = std::ranges::any_of(kept.routes, &KeptRoute::is_plain_default);
        if (leads_out && !kept.dhcp4) {
            kept.servers = around_.resolver.servers;
            kept.search = around_.resolver.search;
        }
    }

    /// Routes of the kernel, of daemons and of advertisements, and those that a lease brought.
    static bool comes_by_itself(const Route& route, const KeptLink& kept, const std::vector<InterfaceAddress>& leased)
    {
        const bool by_hand = route.protocol == RTPROT_BOOT || route.protocol == RTPROT_STATIC;
        const bool by_lease = route.protocol == RTPROT_DHCP;
        if (!by_hand && !(by_lease && !kept.dhcp4)) {
            return true;
        }
        return kept.dhcp4 && route.gateway && route.destination.length() == 0 &&
               std::ranges::any_of(leased, [&route](const InterfaceAddress& address) {
                   return Prefix{address}.contains(*route.gateway);
               });
    }

    void add_route(const Route& route, const Link& link, KeptLink& kept)
    {
        if (route.shared || route.type != RTN_UNICAST) {
            lose(link, fmt::format("the route to {} has several ways, and is not kept", route.destination.str()));
            return;
        }
        KeptRoute one{route.destination, route.gateway, route.source, route.metric};
        if (route.destination.family() == Family::ipv6 && route.metric == usual_ipv6_metric) {
            one.metric = 0;
        }
        one.table = route.table == RT_TABLE_MAIN ? 0 : route.table;
        one.on_link = route.gateway && (route.onlink || is_beyond(*route.gateway, link));
        kept.routes.push_back(one);
    }

    const Network& network_;
    const Circumstances& around_;
    ProfileDraft draft_;
};

/// Whichever of the links is named, the set has one name: its first bridge's, or its first bond's.
std::string name_of(const Profile& profile, const LinkName& asked)
{
    for (const std::string_view kind : {"bridge", "bond"}) {
        const auto found = std::ranges::find(profile.links, kind, &KeptLink::kind);
        if (found != profile.links.end()) {
            return found->name.str();
        }
    }
    return asked.str();
}

}  // namespace

bool KeptRoute::is_plain_default() const
{
    return destination.length() == 0 && gateway && !source && metric == 0 && table == 0;
}

const KeptLink* Profile::find(const LinkName& wanted) const
{
    const auto found = std::ranges::find(links, wanted, &KeptLink::name);
    return found == links.end() ? nullptr : &*found;
}

Result<ProfileDraft> profile_of(const Network& network,
                                const std::vector<LinkName>& names,
                                const Circumstances& circumstances)
{
    Closure closure{network};
    for (const LinkName& name : names) {
        const Link* link = find(network, name);
        if (link == nullptr) {
            return Error{ErrorCode::not_found,
                         fmt::format("cannot keep link '{}': it does not exist", name.str()),
                         "'net-setup show' lists the links"};
        }
        if (link->loopback || link->is_tap()) {
            return Error{ErrorCode::refused,
                         fmt::format("cannot keep link '{}': {}",
                                     name.str(),
                                     link->loopback ? "every host has it" : "it is a VM's, and comes with it"),
                         "name a bridge, a bond, a VLAN or a card"};
        }
        closure.visit(*link);
    }
    auto draft = Drafter{network, circumstances}.draft(closure.in_order());
    for (const KeptLink& link : draft.profile.links) {
        if (!is_plain_word(link.name.str())) {
            return Error{ErrorCode::unsupported,
                         fmt::format("cannot keep link '{}': its name holds letters that mean something else in files",
                                     link.name.str()),
                         "ip link set NAME name NEW, with letters, digits, '.', '-' and '_' only"};
        }
    }
    draft.profile.name = name_of(draft.profile, names.front());
    return draft;
}

}  // namespace kvmkit::net
