// SPDX-License-Identifier: Apache-2.0
#include "net/domain.hpp"

#include "net/model/overloaded.hpp"
#include "net/planner/codec.hpp"
#include "txn/execute.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

using Json = nlohmann::json;
using Inverse = std::optional<Step>;

static_assert(txn::Domain<LinkDomain>);

Error missing(const LinkName& name, const Action& action)
{
    return {ErrorCode::not_found,
            fmt::format("cannot {}: link '{}' does not exist (any more)", describe(action), name.str()),
            "'net-setup show' lists the links"};
}

bool has_address(const Link& link, const InterfaceAddress& address)
{
    return std::ranges::find(link.addresses, address) != link.addresses.end();
}

/// What takes back each action, seen from the state before it. A link that exists is named by its index as well, so
/// that another one that got its name is left alone.
class Inverter {
public:
    explicit Inverter(const Network& network) : network_(network) {}

    Inverse operator()(const CreateBridge& s) const { return Step{DeleteBridge{s.name}, Guard{.mark = s.mark}}; }
    Inverse operator()(const DeleteBridge& s) const
    {
        const Link* bridge = find(network_, s.name);
        if (bridge == nullptr || !bridge->mac) {
            return std::nullopt;
        }
        return Step{CreateBridge{s.name, *bridge->mac, bridge->group, bridge->mtu, bridge->options}, Guard{}};
    }
    Inverse operator()(const Attach& s) const { return Step{Release{s.port, s.bridge}, this_very(s.port)}; }
    Inverse operator()(const Release& s) const { return Step{Attach{s.port, s.bridge}, this_very(s.port)}; }
    Inverse operator()(const SwitchUp& s) const
    {
        const Link* link = find(network_, s.name);
        if (link == nullptr || (link->up && !s.group)) {
            return std::nullopt;
        }
        Guard guard = this_very(s.name);
        if (const Link* master = find(network_, link->master)) {
            guard.master = master->name;
        }
        const auto group = s.group ? std::optional{link->group} : std::nullopt;
        return Step{SwitchDown{s.name, group}, std::move(guard)};
    }
    Inverse operator()(const SwitchDown& s) const { return Step{SwitchUp{s.name}, Guard{}}; }
    Inverse operator()(const SetMtu& s) const
    {
        const Link* link = find(network_, s.name);
        return link != nullptr ? Inverse{Step{SetMtu{s.name, link->mtu}, this_very(s.name)}} : std::nullopt;
    }
    Inverse operator()(const AddAddress& s) const
    {
        const Link* link = find(network_, s.name);
        const bool there = link != nullptr && has_address(*link, s.address);
        return there ? std::nullopt : Inverse{Step{RemoveAddress{s.name, s.address}, this_very(s.name)}};
    }
    Inverse operator()(const RemoveAddress& s) const { return Step{AddAddress{s.name, s.address}, Guard{}}; }

private:
    [[nodiscard]] Guard this_very(const LinkName& name) const
    {
        const Link* link = find(network_, name);
        return Guard{.index = link != nullptr ? link->index : 0};
    }

    const Network& network_;
};

bool holds(const Guard& guard, const Network& network, const Link& link)
{
    const Link* master = find(network, link.master);
    return (guard.index == 0 || guard.index == link.index) && (guard.mark == 0 || guard.mark == link.group) &&
           (!guard.master || (master != nullptr && master->name == *guard.master));
}

/// Whether an undoing step finds what it is to take back.
bool finds_its_change(const Step& step, const Network& network)
{
    const Link* link = find(network, subject(step.action));
    if (std::holds_alternative<CreateBridge>(step.action)) {
        return link == nullptr;
    }
    if (link == nullptr || !holds(*step.guard, network, *link)) {
        return false;
    }
    const Overloaded still_so{
        [&](const Attach& s) { return link->master == 0 && find(network, s.bridge) != nullptr; },
        [&](const Release& s) {
            const Link* master = find(network, link->master);
            return master != nullptr && master->name == s.bridge;
        },
        [&](const AddAddress& s) { return !has_address(*link, s.address); },
        [&](const RemoveAddress& s) { return has_address(*link, s.address); },
        [](const auto&) { return true; },
    };
    return std::visit(still_so, step.action);
}

/// Makes one action on the links as they are.
class Maker {
public:
    Maker(RouteSocket& route, const Network& network) : route_(route), network_(network) {}

    Result<void> operator()(const CreateBridge& s) const
    {
        if (auto made = route_.create_bridge(s); !made || !s.mtu) {
            return made;
        }
        const auto now = route_.observe();
        if (!now) {
            return now.error();
        }
        const Link* bridge = find(*now, s.name);
        return bridge != nullptr ? route_.set_mtu(*bridge, *s.mtu) : Result<void>{missing(s.name, s)};
    }
    Result<void> operator()(const DeleteBridge& s) const
    {
        return on(s.name, s, [&](const Link& link) { return route_.delete_link(link); });
    }
    Result<void> operator()(const Attach& s) const
    {
        return on(s.port, s, [&](const Link& port) -> Result<void> {
            // The kernel would take it away from its present master without a word.
            if (port.master != 0) {
                return Error{ErrorCode::busy,
                             fmt::format("cannot {}: it has just become a port of another link", describe(s))};
            }
            return on(s.bridge, s, [&](const Link& bridge) { return route_.attach(port, bridge); });
        });
    }
    Result<void> operator()(const Release& s) const
    {
        return on(s.port, s, [&](const Link& port) { return route_.release(port); });
    }
    Result<void> operator()(const SwitchUp& s) const
    {
        return on(s.name, s, [&](const Link& link) { return route_.switch_up(link, s.group); });
    }
    Result<void> operator()(const SwitchDown& s) const
    {
        return on(s.name, s, [&](const Link& link) { return route_.switch_down(link, s.group); });
    }
    Result<void> operator()(const SetMtu& s) const
    {
        return on(s.name, s, [&](const Link& link) { return route_.set_mtu(link, s.mtu); });
    }
    Result<void> operator()(const AddAddress& s) const
    {
        return on(s.name, s, [&](const Link& link) { return route_.add_address(link, s.address); });
    }
    Result<void> operator()(const RemoveAddress& s) const
    {
        return on(s.name, s, [&](const Link& link) { return route_.remove_address(link, s.address); });
    }

private:
    template <class Change>
    Result<void> on(const LinkName& name, const Action& action, Change change) const
    {
        const Link* link = find(network_, name);
        return link != nullptr ? change(*link) : Result<void>{missing(name, action)};
    }

    RouteSocket& route_;
    const Network& network_;
};

}  // namespace

Result<std::optional<Step>> LinkDomain::inverse(const Step& step)
{
    const auto network = route_.observe();
    if (!network) {
        return network.error();
    }
    return std::visit(Inverter{*network}, step.action);
}

Result<void> LinkDomain::apply(const Step& step)
{
    const auto network = route_.observe();
    if (!network) {
        return network.error();
    }
    if (step.guard && !finds_its_change(step, *network)) {
        return {};
    }
    return std::visit(Maker{route_, *network}, step.action);
}

std::string LinkDomain::encode(const Step& step) const
{
    const Json line{{"netns", {{"name", here_.name}, {"device", here_.device}, {"inode", here_.inode}}},
                    {"step", Json::parse(net::encode(step))}};
    return line.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Result<Step> LinkDomain::decode(std::string_view text)
{
    const Json line = Json::parse(text, nullptr, false);
    return net::decode(line.is_object() && line.contains("step") ? line["step"].dump() : std::string{});
}

std::optional<NetNamespace> namespace_of(std::string_view encoded)
{
    const Json line = Json::parse(encoded, nullptr, false);
    if (!line.is_object() || !line.contains("netns") || !line["netns"].is_object()) {
        return std::nullopt;
    }
    const Json& space = line["netns"];
    return NetNamespace{space.value("name", std::string{}),
                        space.value("device", std::uint64_t{0}),
                        space.value("inode", std::uint64_t{0})};
}

}  // namespace kvmkit::net
