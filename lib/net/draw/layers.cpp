// SPDX-License-Identifier: Apache-2.0
#include "net/draw/layers.hpp"

#include "base/printable.hpp"

#include <linux/if_bridge.h>
#include <linux/if_link.h>

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr std::size_t longest_text = 64;
constexpr unsigned usual_mtu = 1500;

std::uint64_t number_of(const LinkOptions& options, std::uint16_t type)
{
    const LinkOption* option = find(options, type);
    return option != nullptr ? option_number(*option).value_or(0) : 0;
}

/// Kinds that lie on another link; a veth's other end is no layer.
bool lies_on_another(const Link& link)
{
    constexpr std::array<std::string_view, 6> kinds{"vlan", "macvlan", "macvtap", "ipvlan", "macsec", "vxlan"};
    return std::ranges::find(kinds, link.kind) != kinds.end();
}

/// A bridge's taps and veths lead to its clients; its other ports lead out.
bool hangs_on_its_bridge(const Link& link, const Link& master)
{
    return master.is_bridge() && (link.is_tap() || link.kind == "veth");
}

std::string kind_of(const Link& link)
{
    if (link.loopback) {
        return "loopback";
    }
    if (link.kind == "vlan") {
        return fmt::format("VLAN {}", number_of(link.options, IFLA_VLAN_ID));
    }
    if (link.kind == "tun") {
        return link.ethernet ? "tap" : "tun";
    }
    if (!link.kind.empty()) {
        return printable(link.kind, longest_text);
    }
    return link.wireless ? "Wi-Fi" : "NIC";
}

BoxState state_of(const Link& link)
{
    if (!link.up) {
        return BoxState::off;
    }
    return link.carrier || link.running ? BoxState::up : BoxState::no_carrier;
}

std::string vlans_text(const VlanMembership& vlans)
{
    const VlanSet tagged = vlans.members.without(vlans.untagged);
    std::string text = vlans.members.empty() ? "in no VLAN" : vlans.members.size() == 1 ? "VLAN" : "VLANs";
    if (!vlans.untagged.empty()) {
        text += fmt::format(" {} untagged", vlans.untagged.str());
    }
    if (!tagged.empty()) {
        text += fmt::format("{} {} tagged", vlans.untagged.empty() ? "" : ",", tagged.str());
    }
    return text;
}

bool filters(const Link* bridge)
{
    return bridge != nullptr && bridge->is_bridge() && number_of(bridge->options, IFLA_BR_VLAN_FILTERING) != 0;
}

/// What a port's bridge does with frames, where it does not forward them.
std::string_view port_word(const Link& port)
{
    constexpr std::array<std::string_view, 5> words{"disabled", "listening", "learning", "", "blocking"};
    const LinkOption* state = find(port.port_options, IFLA_BRPORT_STATE);
    const auto number = state != nullptr ? option_number(*state).value_or(BR_STATE_FORWARDING) : BR_STATE_FORWARDING;
    return port.up && number < words.size() ? words.at(number) : std::string_view{};
}

class Builder {
public:
    Builder(const Network& network, const std::vector<TapUser>& users) : network_(network), users_(users) {}

    Layers build(const std::vector<int>& chosen)
    {
        find_edges();
        keep(chosen);
        for (const Link& link : network_.links) {
            if (!kept_.contains(link.index)) {
                continue;
            }
            place_[link.index] = layers_.boxes.size();
            layers_.boxes.push_back(box_of(link));
        }
        connect();
        find_grounds();
        add_vms();
        return std::move(layers_);
    }

private:
    void edge(int below, int above)
    {
        above_[below].push_back(above);
        below_[above].push_back(below);
    }

    void find_edges()
    {
        for (const Link& link : network_.links) {
            if (lies_on_another(link) && find(network_, link_below(link)) != nullptr) {
                edge(link_below(link), link.index);
            }
            const Link* master = find(network_, link.master);
            if (link.master == 0 || master == nullptr) {
                continue;
            }
            if (hangs_on_its_bridge(link, *master)) {
                edge(master->index, link.index);
            } else {
                edge(link.index, master->index);
            }
        }
    }

    void spread(int from, const std::map<int, std::vector<int>>& edges)
    {
        std::vector<int> open{from};
        std::map<int, bool> seen;
        while (!open.empty()) {
            const int index = open.back();
            open.pop_back();
            kept_[index] = true;
            const auto next = edges.find(index);
            if (!seen.emplace(index, true).second || next == edges.end()) {
                continue;
            }
            open.insert(open.end(), next->second.begin(), next->second.end());
        }
    }

    void keep(const std::vector<int>& chosen)
    {
        for (const int index : chosen) {
            spread(index, above_);
            spread(index, below_);
        }
        for (const Link& link : network_.links) {
            if (chosen.empty()) {
                kept_[link.index] = true;
            }
        }
    }

    [[nodiscard]] bool mtu_differs(const Link& link) const
    {
        const auto lower = below_.find(link.index);
        if (lower == below_.end()) {
            return !link.loopback && link.mtu != usual_mtu;
        }
        return std::ranges::any_of(lower->second, [&](int index) { return find(network_, index)->mtu != link.mtu; });
    }

    void add_far_end(Box& box, const Link& link) const
    {
        const Link* other = find(network_, link.lower);
        if (link.kind == "veth") {
            box.details.push_back(other != nullptr ? "to " + printable(other->name.str(), longest_text)
                                                   : "to another namespace");
        } else if (lies_on_another(link) && other == nullptr && link.kind != "vxlan") {
            box.details.emplace_back("on a link of another namespace");
        }
    }

    [[nodiscard]] Box box_of(const Link& link) const
    {
        Box box{.index = link.index,
                .name = printable(link.name.str(), longest_text),
                .kind = kind_of(link),
                .state = state_of(link)};
        box.details.reserve(link.addresses.size());
        for (const InterfaceAddress& address : link.addresses) {
            box.details.push_back(address.str());
        }
        if (std::ranges::find(link.routes, "default") != link.routes.end()) {
            box.details.emplace_back("default route");
        }
        add_far_end(box, link);
        if (link.vlans && (filters(&link) || filters(find(network_, link.master)))) {
            box.details.push_back(vlans_text(*link.vlans));
        }
        if (mtu_differs(link)) {
            box.details.push_back(fmt::format("MTU {}", link.mtu));
        }
        if (link.is_bridge() && number_of(link.options, IFLA_BR_STP_STATE) != 0) {
            box.details.emplace_back("STP");
        }
        if (const auto word = port_word(link); !word.empty()) {
            box.details.emplace_back(word);
        }
        return box;
    }

    void connect()
    {
        for (const auto& [below, uppers] : above_) {
            for (const int upper : uppers) {
                if (kept_.contains(below) && kept_.contains(upper)) {
                    layers_.boxes[place_[below]].above.push_back(place_[upper]);
                }
            }
        }
    }

    void reach(std::size_t ground, std::vector<bool>& reached) const
    {
        std::vector<std::size_t> open{ground};
        while (!open.empty()) {
            const std::size_t box = open.back();
            open.pop_back();
            if (!reached[box]) {
                reached[box] = true;
                open.insert(open.end(), layers_.boxes[box].above.begin(), layers_.boxes[box].above.end());
            }
        }
    }

    /// What rests on itself, by a detour, begins where it was seen first.
    void find_grounds()
    {
        std::vector<bool> reached(layers_.boxes.size());
        for (std::size_t i = 0; i < layers_.boxes.size(); ++i) {
            const auto lower = below_.find(layers_.boxes[i].index);
            if (lower == below_.end() ||
                std::ranges::none_of(lower->second, [this](int index) { return kept_.contains(index); })) {
                layers_.grounds.push_back(i);
                reach(i, reached);
            }
        }
        for (std::size_t i = 0; i < layers_.boxes.size(); ++i) {
            if (!reached[i]) {
                layers_.grounds.push_back(i);
                reach(i, reached);
            }
        }
    }

    void add_vms()
    {
        for (const TapUser& user : users_) {
            const Link* tap = find(network_, LinkName::from_kernel(user.tap));
            if (tap == nullptr || tap->kind != "tun" || !kept_.contains(tap->index)) {
                continue;
            }
            Box vm{.name = printable(user.vm, longest_text), .kind = "VM"};
            const auto pid = fmt::format("pid {}", user.pid);
            if (vm.name.empty()) {
                vm.name = pid;
            } else {
                vm.details.push_back(pid);
            }
            layers_.boxes[place_[tap->index]].above.push_back(layers_.boxes.size());
            layers_.boxes.push_back(std::move(vm));
        }
    }

    const Network& network_;
    const std::vector<TapUser>& users_;
    std::map<int, std::vector<int>> above_;
    std::map<int, std::vector<int>> below_;
    std::map<int, bool> kept_;
    std::map<int, std::size_t> place_;
    Layers layers_;
};

}  // namespace

std::string_view word_of(BoxState state) noexcept
{
    switch (state) {
        case BoxState::up: return "up";
        case BoxState::no_carrier: return "no carrier";
        case BoxState::off: return "off";
        case BoxState::none: break;
    }
    return "";
}

Layers layers_of(const Network& network, const std::vector<TapUser>& users, const std::vector<int>& chosen)
{
    return Builder{network, users}.build(chosen);
}

}  // namespace kvmkit::net
