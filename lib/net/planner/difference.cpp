// SPDX-License-Identifier: Apache-2.0
#include "net/planner/difference.hpp"

#include "net/model/overloaded.hpp"
#include "net/resolver/resolver.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

std::string text_of(const std::optional<VlanMembership>& vlans)
{
    if (!vlans || vlans->members.empty()) {
        return "none";
    }
    auto text = vlans->pvid ? fmt::format("native {}", *vlans->pvid) : std::string{};
    const auto tagged = vlans->members.without(vlans->untagged);
    if (!tagged.empty()) {
        text += fmt::format("{}tagged {}", text.empty() ? "" : " ", tagged.str());
    }
    return text;
}

std::string change(const LinkName& name, std::string_view what, std::string_view before, std::string_view after)
{
    return fmt::format("~ {} {} {} -> {}", name.str(), what, before, after);
}

/// Writes the lines of each action.
class Writer {
public:
    explicit Writer(const Network& network) : network_(network) {}

    void operator()(const CreateLink& s)
    {
        auto text = fmt::format("+ {} {}", s.kind, s.name.str());
        if (s.lower) {
            text += fmt::format(" on {}", s.lower->str());
        }
        if (s.peer) {
            text += fmt::format(" with its other end {}", s.peer->str());
        }
        line(text);
        if (s.mtu) {
            line(fmt::format("+ {} mtu {}", s.name.str(), *s.mtu));
        }
        const auto specs = option_specs(s.kind);
        for (const LinkOption& option : s.options) {
            for (const OptionSpec& spec : specs) {
                if (spec.type == option.type) {
                    line(fmt::format("+ {} {} {}", s.name.str(), spec.key, option_text(spec, option)));
                }
            }
        }
    }
    void operator()(const DeleteLink& s) { line(fmt::format("- {} {}", s.kind, s.name.str())); }
    void operator()(const Attach& s) { line(fmt::format("+ {} port {}", s.bridge.str(), s.port.str())); }
    void operator()(const Release& s) { line(fmt::format("- {} port {}", s.bridge.str(), s.port.str())); }
    void operator()(const SwitchUp& s)
    {
        if (find(network_, s.name) != nullptr) {
            line(change(s.name, "state", "down", "up"));
        }
    }
    void operator()(const SwitchDown& s) { line(change(s.name, "state", "up", "down")); }
    void operator()(const SetMtu& s)
    {
        const Link* link = find(network_, s.name);
        line(change(
            s.name, "mtu", link != nullptr ? fmt::format("{}", link->mtu) : "default", fmt::format("{}", s.mtu)));
    }
    void operator()(const SetMac& s)
    {
        const Link* link = find(network_, s.name);
        line(change(s.name, "mac-address", link != nullptr && link->mac ? link->mac->str() : "none", s.mac.str()));
    }
    void operator()(const SetGroup& /*s*/) {}
    void operator()(const SetOptions& s)
    {
        const Link* link = find(network_, s.name);
        options(s.name, link != nullptr ? link->options : LinkOptions{}, s.options, option_specs(s.kind));
    }
    void operator()(const SetPortOptions& s)
    {
        const Link* link = find(network_, s.name);
        options(s.name, link != nullptr ? link->port_options : LinkOptions{}, s.options, bridge_port_options());
    }
    void operator()(const SetVlans& s)
    {
        const Link* link = find(network_, s.name);
        line(change(s.name, "vlans", text_of(link != nullptr ? link->vlans : std::nullopt), text_of(s.vlans)));
    }
    void operator()(const SetIpv6& s)
    {
        const auto* const what = s.what == Ipv6Switch::enabled ? "ipv6" : "ipv6 autoconf";
        line(change(s.name, what, s.on ? "off" : "on", s.on ? "on" : "off"));
    }
    void operator()(const AddAddress& s) { line(fmt::format("+ {} address {}", s.name.str(), s.address.str())); }
    void operator()(const RemoveAddress& s) { line(fmt::format("- {} address {}", s.name.str(), s.address.str())); }
    void operator()(const Handover& s)
    {
        const bool to_bridge = s.direction == Direction::to_bridge;
        const LinkName& giver = to_bridge ? s.port : s.bridge;
        const LinkName& taker = to_bridge ? s.bridge : s.port;
        line(fmt::format("{} {} port {}", to_bridge ? '+' : '-', s.bridge.str(), s.port.str()));
        line(fmt::format("~ addresses and routes of {} -> {}", giver.str(), taker.str()));
    }
    void operator()(const SetResolver& s)
    {
        const auto before = parse_resolver(s.before.value_or(""));
        const auto after = parse_resolver(s.after.value_or(""));
        list("name server", before.servers, after.servers);
        list("search", before.search, after.search);
        list("resolver option", before.options, after.options);
    }
    void operator()(const SetManaged& /*no wish, but part of the way*/) {}
    void operator()(const AddRoute& s) { line(fmt::format("+ route {}", describe(s.route))); }
    void operator()(const RemoveRoute& s) { line(fmt::format("- route {}", describe(s.route))); }

    using Texts = std::vector<std::string>;
    void list(std::string_view what, const Texts& before, const Texts& after)
    {
        if (before != after) {
            const auto text = [](const Texts& texts) {
                return texts.empty() ? std::string{"none"} : fmt::format("{}", fmt::join(texts, ", "));
            };
            line(fmt::format("~ {} {} -> {}", what, text(before), text(after)));
        }
    }

    std::vector<std::string> lines_;

private:
    void line(std::string text) { lines_.push_back(std::move(text)); }

    void options(const LinkName& name,
                 const LinkOptions& now,
                 const LinkOptions& wanted,
                 std::span<const OptionSpec> specs)
    {
        for (const LinkOption& option : wanted) {
            const auto spec = std::find_if(
                specs.begin(), specs.end(), [&option](const OptionSpec& known) { return known.type == option.type; });
            if (spec == specs.end()) {
                continue;
            }
            const LinkOption* told = find(now, option.type);
            line(change(
                name, spec->key, told != nullptr ? option_text(*spec, *told) : "default", option_text(*spec, option)));
        }
    }

    const Network& network_;
};

}  // namespace

std::vector<std::string> differences(const Plan& plan, const Network& network)
{
    Writer writer{network};
    for (const Step& step : plan) {
        std::visit(writer, step.action);
    }
    return std::move(writer.lines_);
}

}  // namespace kvmkit::net
