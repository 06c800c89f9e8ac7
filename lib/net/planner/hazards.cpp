// SPDX-License-Identifier: Apache-2.0
#include "net/planner/hazards.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

/// What one hazard looks at.
struct Scene {
    const Network& network;
    const Plan& plan;
    const HazardFacts& around;
};

/// A card whose frames a bridge is to send, because it becomes a port of it, or a link that stands on it does, or is.
struct NewPort {
    const Link* card;
    LinkName port;
    LinkName bridge;
    KeyPath origin;
    std::string over;  ///< "'bond0' is a port of 'br0': ", where it becomes one of a bond; else empty.
};

bool is_bond(const Scene& scene, const LinkName& name)
{
    const Link* link = find(scene.network, name);
    const bool made = std::ranges::any_of(scene.plan, [&name](const Step& step) {
        const auto* create = std::get_if<CreateLink>(&step.action);
        return create != nullptr && create->name == name && create->kind == "bond";
    });
    return made || (link != nullptr && link->kind == "bond");
}

/// Only hardware, or what a driver of hardware moves, leads to a switch that looks at MACs.
bool is_card(const Scene& scene, const Link& link)
{
    return link.kind.empty() || scene.around.drivers.contains(link.name);
}

/// What a plan puts a link on: the link below one that it makes, and what it attaches to a bond.
std::vector<LinkName> put_below(const Scene& scene, const LinkName& name)
{
    std::vector<LinkName> below;
    for (const Step& step : scene.plan) {
        const auto* create = std::get_if<CreateLink>(&step.action);
        const auto* attach = std::get_if<Attach>(&step.action);
        if (create != nullptr && create->name == name && create->lower) {
            below.push_back(*create->lower);
        } else if (attach != nullptr && attach->bridge == name) {
            below.push_back(attach->port);
        }
    }
    return below;
}

/// The link below a VLAN or macvlan, the ports of a bond. A VXLAN's frames travel inside of the host's own packets, and
/// what stands on a bridge leaves by that one's ports, which were judged when they came.
std::vector<LinkName> links_below(const Scene& scene, const LinkName& name)
{
    auto below = put_below(scene, name);
    const Link* link = find(scene.network, name);
    if (link == nullptr) {
        return below;
    }
    const bool stands = link->kind == "vlan" || link->kind == "macvlan" || link->kind == "macvtap";
    if (const Link* lower = stands ? find(scene.network, link_below(*link)) : nullptr) {
        below.push_back(lower->name);
    }
    for (const Link* port : link->kind == "bond" ? ports_of(scene.network, *link) : std::vector<const Link*>{}) {
        below.push_back(port->name);
    }
    return below;
}

/// The cards that frames of a link leave by.
std::vector<const Link*> cards_of(const Scene& scene, const LinkName& name)
{
    std::vector<const Link*> cards;
    std::vector<LinkName> reached{name};
    for (std::size_t next = 0; next < reached.size(); ++next) {
        const Link* link = find(scene.network, reached[next]);
        if (link != nullptr && is_card(scene, *link)) {
            cards.push_back(link);
            continue;
        }
        for (const LinkName& below : links_below(scene, reached[next])) {
            if (std::ranges::find(reached, below) == reached.end()) {
                reached.push_back(below);
            }
        }
    }
    return cards;
}

/// What the plan makes a link a port of, or has it stay a port of; absent: of nothing.
std::optional<LinkName> master_after(const Scene& scene, const LinkName& name)
{
    const Link* link = find(scene.network, name);
    const Link* now = link != nullptr ? find(scene.network, link->master) : nullptr;
    auto master = now != nullptr ? std::optional{now->name} : std::nullopt;
    for (const Step& step : scene.plan) {
        const auto* attach = std::get_if<Attach>(&step.action);
        const auto* release = std::get_if<Release>(&step.action);
        if (attach != nullptr && attach->port == name) {
            master = attach->bridge;
        } else if (release != nullptr && release->port == name) {
            master.reset();
        }
    }
    return master;
}

/// The bridges that send by a bond which gets a port: it is their port, or a VLAN or macvlan on it is. What the plan
/// itself makes a port is judged there.
std::vector<NewPort> ports_over(const Scene& scene, const Attach& attach, const KeyPath& origin)
{
    std::vector<NewPort> ports;
    std::vector<LinkName> reached{attach.bridge};
    for (std::size_t next = 0; next < reached.size(); ++next) {
        const LinkName name = reached[next];
        const auto master = master_after(scene, name);
        const Link* bridge = master ? find(scene.network, *master) : nullptr;
        if (bridge != nullptr && bridge->is_bridge()) {
            const auto over = fmt::format("'{}' is a port of '{}': ", name.str(), master->str());
            for (const Link* card : cards_of(scene, attach.port)) {
                ports.push_back({card, attach.port, attach.bridge, origin, over});
            }
        }
        const Link* link = find(scene.network, name);
        for (const Link* above : link != nullptr ? links_above(scene.network, *link) : std::vector<const Link*>{}) {
            if (std::ranges::find(reached, above->name) == reached.end()) {
                reached.push_back(above->name);
            }
        }
    }
    return ports;
}

std::vector<NewPort> new_ports(const Scene& scene)
{
    std::vector<NewPort> ports;
    for (const Step& step : scene.plan) {
        const auto* attach = std::get_if<Attach>(&step.action);
        const auto* handover = std::get_if<Handover>(&step.action);
        const bool to_bridge = handover != nullptr && handover->direction == Direction::to_bridge;
        if (attach == nullptr && !to_bridge) {
            continue;
        }
        const LinkName& port = attach != nullptr ? attach->port : handover->port;
        const LinkName& bridge = attach != nullptr ? attach->bridge : handover->bridge;
        if (attach != nullptr && is_bond(scene, bridge)) {
            std::ranges::copy(ports_over(scene, *attach, step.origin), std::back_inserter(ports));
            continue;
        }
        for (const Link* card : cards_of(scene, port)) {
            ports.push_back({card, port, bridge, step.origin, {}});
        }
    }
    return ports;
}

std::string driver_of(const Scene& scene, const Link& card)
{
    const auto found = scene.around.drivers.find(card.name);
    return found != scene.around.drivers.end() ? found->second : std::string{};
}

Hazard refusal(const NewPort& port, const std::string& cause, std::string hint)
{
    return {{},
            {ErrorCode::refused,
             fmt::format("cannot attach port '{}' to '{}': {}{}{}",
                         port.port.str(),
                         port.bridge.str(),
                         port.over,
                         port.card->name == port.port ? "" : fmt::format("it stands on '{}': ", port.card->name.str()),
                         cause),
             std::move(hint)},
            port.origin};
}

/// Cards that only clouds have, whatever DMI says.
struct CloudDriver {
    std::string_view driver;
    std::string_view cloud;
};
constexpr std::array cloud_drivers{
    CloudDriver{"ena", "Amazon EC2"}, CloudDriver{"gve", "Google Cloud"}, CloudDriver{"mana", "Microsoft Azure"}};

std::string cloud_of(const Scene& scene, const Link& card)
{
    const auto driver = driver_of(scene, card);
    const auto row = std::ranges::find(cloud_drivers, driver, &CloudDriver::driver);
    return scene.around.cloud.empty() && row != cloud_drivers.end() ? std::string{row->cloud} : scene.around.cloud;
}

std::optional<Hazard> cloud_nic(const Scene& scene)
{
    for (const NewPort& port : new_ports(scene)) {
        if (const auto cloud = cloud_of(scene, *port.card); !cloud.empty()) {
            return refusal(port,
                           fmt::format("it is a card of a cloud ({}), which drops frames of other MACs than the card's "
                                       "own: VMs would have no network",
                                       cloud),
                           "use a bridge without a port, routed or with NAT: net-setup bridge add br0 --address "
                           "192.0.2.1/24");
        }
    }
    return std::nullopt;
}

std::optional<Hazard> wifi(const Scene& scene)
{
    for (const NewPort& port : new_ports(scene)) {
        if (port.card->wireless) {
            return refusal(port,
                           "a Wi-Fi card in client mode sends only with its own MAC and cannot be a bridge port",
                           "use a cabled card, or a bridge without a port and route through it");
        }
    }
    return std::nullopt;
}

std::optional<Hazard> vmware(const Scene& scene)
{
    const auto ports = scene.around.vmware ? new_ports(scene) : std::vector<NewPort>{};
    return ports.empty()
               ? std::nullopt
               : std::optional{refusal(ports.front(),
                                       "the host is a guest of VMware's, whose port group drops frames of other MACs "
                                       "unless it allows promiscuous mode and forged transmits, which cannot be seen "
                                       "from here",
                                       "allow both in the port group, then repeat this")};
}

std::optional<Hazard> hyper_v(const Scene& scene)
{
    for (const NewPort& port : new_ports(scene)) {
        if (driver_of(scene, *port.card) == "hv_netvsc") {
            return refusal(port,
                           "the host is a guest of Hyper-V, which drops frames of other MACs unless MAC address "
                           "spoofing is enabled for the card, which cannot be seen from here",
                           "enable it in the settings of the VM's network adapter, then repeat this");
        }
    }
    return std::nullopt;
}

std::optional<Hazard> bpdu(const Scene& scene)
{
    for (const NewPort& port : scene.around.bpdus.empty() ? std::vector<NewPort>{} : new_ports(scene)) {
        const auto heard = scene.around.bpdus.find(port.card->name);
        if (heard != scene.around.bpdus.end()) {
            return refusal(port,
                           fmt::format("BPDUs come in on '{}'{}: its switch speaks a spanning tree, and one with BPDU "
                                       "guard shuts the port where a bridge sends some, too",
                                       port.card->name.str(),
                                       heard->second.empty() ? "" : fmt::format(" from bridge {}", heard->second)),
                           "leave the bridge's own spanning tree off, as new ones have it, and see that no VM sends "
                           "BPDUs");
        }
    }
    return std::nullopt;
}

std::optional<Hazard> proxmox(const Scene& scene)
{
    if (!scene.around.proxmox) {
        return std::nullopt;
    }
    for (const Step& step : scene.plan) {
        const LinkName* name = subject(step.action);
        if (name != nullptr && scene.around.ifupdown_links.contains(name->str())) {
            return Hazard{{},
                          {ErrorCode::refused,
                           fmt::format("cannot {}: Proxmox VE configures '{}' by /etc/network/interfaces, and its next "
                                       "ifreload would take this back",
                                       describe(step.action),
                                       name->str()),
                           "change it in Proxmox's own interface (node, System, Network), or in that file, and run "
                           "ifreload -a"},
                          step.origin};
        }
    }
    return std::nullopt;
}

std::optional<Hazard> way_back(const Scene& scene)
{
    const auto lost = lost_way(scene.network, scene.plan, scene.around.operator_at);
    if (!lost) {
        return std::nullopt;
    }
    return Hazard{{},
                  {ErrorCode::refused,
                   fmt::format("cannot change the network so: it leaves {}", *lost),
                   "lan-bridge moves a card's addresses and routes to a bridge, and back with --back"},
                  {}};
}

struct Row {
    std::string_view name;
    std::optional<Hazard> (*look)(const Scene&);
};
constexpr std::array rows{Row{"cloud-nic", cloud_nic},
                          Row{"wifi", wifi},
                          Row{"vmware", vmware},
                          Row{"hyper-v", hyper_v},
                          Row{"bpdu", bpdu},
                          Row{"proxmox", proxmox},
                          Row{"way-back", way_back}};

}  // namespace

std::vector<const Link*> cards_to_bridge(const Network& network, const Plan& plan, const HazardFacts& around)
{
    std::vector<const Link*> cards;
    for (const NewPort& port : new_ports({network, plan, around})) {
        if (std::ranges::find(cards, port.card) == cards.end()) {
            cards.push_back(port.card);
        }
    }
    return cards;
}

const std::vector<std::string>& hazard_names()
{
    static const std::vector<std::string> names = [] {
        std::vector<std::string> all;
        all.reserve(rows.size());
        for (const Row& row : rows) {
            all.emplace_back(row.name);
        }
        return all;
    }();
    return names;
}

Result<std::set<std::string>> read_allowed(const std::vector<std::string>& lists)
{
    std::set<std::string> allowed;
    for (const std::string& list : lists) {
        for (std::size_t start = 0; start <= list.size();) {
            const auto comma = std::min(list.find(',', start), list.size());
            const auto word = list.substr(start, comma - start);
            start = comma + 1;
            if (word == "all") {
                allowed.insert(hazard_names().begin(), hazard_names().end());
                continue;
            }
            if (std::ranges::find(hazard_names(), word) == hazard_names().end()) {
                return Error{ErrorCode::usage,
                             fmt::format("cannot allow '{}': nothing is refused by that name", word),
                             fmt::format("write {} or all", fmt::join(hazard_names(), ", "))};
            }
            allowed.insert(word);
        }
    }
    return allowed;
}

std::optional<Hazard> hazard_of(const Network& network,
                                const Plan& plan,
                                const HazardFacts& around,
                                const std::set<std::string>& allowed)
{
    for (const Row& row : rows) {
        const auto name = std::string{row.name};
        auto hazard = allowed.contains(name) ? std::nullopt : row.look({network, plan, around});
        if (hazard) {
            hazard->name = name;
            hazard->error.hint += fmt::format("; --allow {} does it all the same", name);
            return hazard;
        }
    }
    return std::nullopt;
}

}  // namespace kvmkit::net
