// SPDX-License-Identifier: Apache-2.0
#include "net/state/reader.hpp"

#include <linux/if_ether.h>
#include <linux/if_link.h>

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

using Readings = std::vector<InterfaceReading>;

/// One link that stands on another, or has it as a port, and where that is said.
struct Layer {
    LinkName below;
    Spot spot;
};

/// What the file says of the links that are to be there.
class Layers {
public:
    explicit Layers(const Readings& readings)
    {
        for (const InterfaceReading& reading : readings) {
            if (reading.wanted.state == DesiredState::up && reading.name) {
                add(reading);
            }
        }
    }

    void judge_bridges() const
    {
        for (const auto& [name, link] : links_) {
            for (const Layer& layer : link.layers) {
                if (is_bridge(name) && is_bridge(layer.below) && layer.below != name) {
                    layer.spot.complain(
                        fmt::format(
                            "'{}' is a bridge and cannot be a port of the bridge '{}'", layer.below.str(), name.str()),
                        "connect two bridges by a veth pair: one end is a port of each");
                }
            }
        }
    }

    /// Each circle once, where the file closes it.
    void judge_circles()
    {
        for (auto& [name, link] : links_) {
            std::vector<LinkName> way;
            follow(name, link, way);
        }
    }

private:
    /// What is said of one link: by itself, and of what it stands on or has as ports.
    struct Said {
        const InterfaceReading* wish = nullptr;
        std::vector<Layer> layers = {};
        bool done = false;
    };

    void add(const InterfaceReading& reading)
    {
        const LinkName& name = reading.wanted.name;
        Said& link = links_[name];
        link.wish = link.wish != nullptr ? link.wish : &reading;
        if (reading.lower && reading.wanted.lower && *reading.wanted.lower != name) {
            link.layers.push_back({*reading.wanted.lower, *reading.lower});
        }
        if (reading.controller && reading.wanted.controller && *reading.wanted.controller != name.str()) {
            links_[LinkName::from_kernel(*reading.wanted.controller)].layers.push_back({name, *reading.controller});
        }
        if (!reading.ports || !reading.wanted.ports) {
            return;
        }
        const auto items = reading.ports->items();
        for (std::size_t i = 0; i < items.size() && i < reading.wanted.ports->size(); ++i) {
            const LinkName& port = reading.wanted.ports->at(i).name;
            if (!port.str().empty() && port != name) {
                link.layers.push_back({port, items[i].entry("name").value_or(items[i])});
            }
        }
    }

    [[nodiscard]] bool is_bridge(const LinkName& name) const
    {
        const auto found = links_.find(name);
        return found != links_.end() && found->second.wish != nullptr && found->second.wish->wanted.kind == "bridge";
    }

    void follow(const LinkName& name, Said& link, std::vector<LinkName>& way)
    {
        constexpr std::size_t deepest = 64;  // the kernel takes 8
        if (link.layers.empty() || link.done || way.size() == deepest) {
            return;
        }
        way.push_back(name);
        for (const Layer& layer : link.layers) {
            const auto start = std::ranges::find(way, layer.below);
            const auto below = start == way.end() ? links_.find(layer.below) : links_.end();
            if (below != links_.end()) {
                follow(layer.below, below->second, way);
            } else if (start != way.end() && !(is_bridge(name) && is_bridge(layer.below))) {
                complain_of_circle({start, way.end()}, layer);
            }
        }
        way.pop_back();
        link.done = true;
    }

    static void complain_of_circle(const std::vector<LinkName>& circle, const Layer& closing)
    {
        std::string text;
        for (const LinkName& name : circle) {
            text += fmt::format("'{}' needs ", name.str());
        }
        closing.spot.complain(
            fmt::format("the links stand on one another in a circle: {}'{}'", text, circle.front().str()),
            "one of them must stand on a link outside of the circle");
    }

    std::map<LinkName, Said> links_ = {};
};

/// The link below, the number and the protocol of a VLAN, by which the kernel tells them apart.
struct Tag {
    std::uint64_t id = 0;
    LinkName lower;
    std::string protocol;

    auto operator<=>(const Tag&) const = default;
};

std::optional<Tag> tag_of(const DesiredInterface& wish)
{
    const LinkOption* id = find(wish.options, IFLA_VLAN_ID);
    if (wish.state != DesiredState::up || wish.kind != "vlan" || !wish.lower || id == nullptr) {
        return std::nullopt;
    }
    const LinkOption* protocol = find(wish.options, IFLA_VLAN_PROTOCOL);
    const std::string usual{static_cast<char>(ETH_P_8021Q >> 8), static_cast<char>(ETH_P_8021Q & 0xff)};
    return Tag{option_number(*id).value_or(0), *wish.lower, protocol != nullptr ? protocol->bytes : usual};
}

void judge_tags(const Readings& readings)
{
    std::map<Tag, const InterfaceReading*> seen;
    for (const InterfaceReading& reading : readings) {
        const auto tag = tag_of(reading.wanted);
        if (!tag || !reading.name) {
            continue;
        }
        const auto [first, is_new] = seen.try_emplace(*tag, &reading);
        if (!is_new && first->second->wanted.name != reading.wanted.name) {
            reading.spot.near("vlan").near("id").complain(fmt::format("'{}' is VLAN {} of '{}' already, in line {}",
                                                                      first->second->wanted.name.str(),
                                                                      tag->id,
                                                                      tag->lower.str(),
                                                                      line_of(*first->second->name)),
                                                          "a link has each VLAN once: keep one of them");
        }
    }
}

/// A cable has two ends: each is the other one's.
void judge_peers(const Readings& readings)
{
    std::map<LinkName, const InterfaceReading*> cables;
    for (const InterfaceReading& reading : readings) {
        if (reading.wanted.state == DesiredState::up && reading.peer && reading.wanted.peer && reading.name) {
            cables.try_emplace(reading.wanted.name, &reading);
        }
    }
    std::map<LinkName, const InterfaceReading*> other_ends;
    for (const InterfaceReading& reading : readings) {
        const auto self = cables.find(reading.wanted.name);
        if (self == cables.end() || self->second != &reading) {
            continue;
        }
        const LinkName& peer = *reading.wanted.peer;
        const auto [first, is_new] = other_ends.try_emplace(peer, &reading);
        const auto other = cables.find(peer);
        if (!is_new) {
            reading.peer->complain(fmt::format("'{}' is the other end of '{}' already, in line {}",
                                               peer.str(),
                                               first->second->wanted.name.str(),
                                               line_of(*first->second->peer)),
                                   "a cable has two ends: give this one another peer");
        } else if (other != cables.end() && *other->second->wanted.peer != reading.wanted.name) {
            reading.peer->complain(fmt::format("the other end of '{}' is '{}', by line {}",
                                               peer.str(),
                                               other->second->wanted.peer->str(),
                                               line_of(*other->second->peer)),
                                   "the ends of a cable name each other");
        }
    }
}

}  // namespace

void judge_layers(const std::vector<InterfaceReading>& readings)
{
    Layers layers{readings};
    layers.judge_bridges();
    layers.judge_circles();
    judge_tags(readings);
    judge_peers(readings);
}

}  // namespace kvmkit::net
