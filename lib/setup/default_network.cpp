// SPDX-License-Identifier: Apache-2.0
#include "setup/default_network.hpp"

#include "facts/libvirt.hpp"
#include "setup/history.hpp"
#include "setup/network_step.hpp"
#include "system/small_files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

constexpr unsigned widest = 8;
constexpr unsigned narrowest = 29;

using Claims = std::span<const Ipv4Claim>;

Claims claims_of(const NetworkSurroundings& now)
{
    return now.claims && *now.claims ? Claims{**now.claims} : Claims{};
}

Fact<DefaultNetworkState> observe_network(const Root& root)
{
    const auto text = root.read(network_file);
    if (!text) {
        return text.error();
    }
    const auto network = *text ? parse_network(**text) : std::nullopt;
    if (!network) {
        return std::optional<DefaultNetworkState>{};
    }
    return std::optional{DefaultNetworkState{.range = network->range,
                                             .bridge = network->bridge,
                                             .autostart = root.exists(autostart_link),
                                             .active = root.exists(network_status)}};
}

/// One plan in the making.
class Planner {
public:
    Planner(const NetworkSurroundings& now, const NetworkWish& wish, const NetworkOutlook& outlook)
        : now_(now), wish_(wish), outlook_(outlook), there_(now.network->has_value())
    {
        if (there_) {
            network_ = **now.network;
        }
    }

    Result<NetworkPlan> plan() &&
    {
        if (wish_.kind == NetworkWish::Kind::off) {
            plan_off();
            return std::move(plan_);
        }
        const auto range = choose();
        if (!range) {
            return range.error();
        }
        if (*range) {
            plan_on(**range);
        }
        return std::move(plan_);
    }

private:
    /// Whether VMs may rely on the range by now: then only what the host would lose moves it.
    [[nodiscard]] bool settled() const { return there_ && (network_.active || network_.autostart); }

    void note(std::string text) { plan_.notes.push_back(std::move(text)); }

    void plan_off()
    {
        if (network_.autostart || outlook_.comes) {
            plan_.before.emplace_back(ChangeNetwork{NetworkAction::no_autostart, {}});
        }
        if (network_.active && !now_.vms.empty()) {
            note(fmt::format("libvirt's network 'default' stays up while VMs run: {}", fmt::join(now_.vms, ", ")));
        } else if (network_.active) {
            plan_.after.emplace_back(ChangeNetwork{NetworkAction::stop, {}});
        }
    }

    [[nodiscard]] std::optional<Ipv4Claim> claim_on(const Ipv4Range& range, Clash clash) const
    {
        return find_claim(claims_of(now_), range, network_.bridge, clash);
    }

    /// The range that the network is to have; absent: it must not be started.
    Result<std::optional<Ipv4Range>> choose()
    {
        switch (wish_.kind) {
            case NetworkWish::Kind::range: return choose_wished();
            case NetworkWish::Kind::keep: return choose_kept();
            default: return choose_free();
        }
    }

    Result<std::optional<Ipv4Range>> choose_wished()
    {
        const bool same = there_ && network_.range == wish_.range;
        const auto claim = claim_on(wish_.range, same && settled() ? Clash::hard : Clash::any);
        if (claim) {
            return Error{ErrorCode::refused,
                         fmt::format("refused to give libvirt's network 'default' the range {}: the host has {}",
                                     to_text(wish_.range),
                                     describe(*claim)),
                         "--default-net auto finds a free one"};
        }
        return std::optional{wish_.range};
    }

    std::optional<Ipv4Range> choose_kept()
    {
        const auto claim = claim_on(network_.range, Clash::hard);
        if (claim && !network_.active) {
            note(
                fmt::format("libvirt's network 'default' is not started: with its range {} the host would lose what it "
                            "reaches by {}; --default-net auto finds a free range",
                            to_text(network_.range),
                            describe(*claim)));
            return std::nullopt;
        }
        return network_.range;
    }

    std::optional<Ipv4Range> choose_free()
    {
        const auto claim = claim_on(network_.range, settled() ? Clash::hard : Clash::any);
        const bool host_below = !settled() && now_.guest && network_.range == shipped_range;
        if (!claim && !host_below) {
            return network_.range;
        }
        const auto why = claim ? fmt::format("this host has {}", describe(*claim))
                               : std::string{"this host is itself a VM, and the host below it may well use that"};
        const auto spare = spare_range(claims_of(now_));
        if (!spare) {
            note(
                fmt::format("libvirt's network 'default' is not started: {}, and no other range is free; --default-net "
                            "RANGE names one",
                            why));
            return std::nullopt;
        }
        note(fmt::format(
            "libvirt's network 'default' gets {} in place of {}: {}", to_text(*spare), to_text(network_.range), why));
        return spare;
    }

    void plan_on(const Ipv4Range& range)
    {
        const bool moves = range != network_.range;
        if (moves && network_.active && !now_.vms.empty()) {
            note(fmt::format("that is not done while VMs run: {}; shut them down, then: host-setup apply network",
                             fmt::join(now_.vms, ", ")));
            return;
        }
        if (moves && network_.active) {
            plan_.before.emplace_back(ChangeNetwork{NetworkAction::stop, {}});
        }
        if (moves) {
            plan_.before.emplace_back(MoveNetwork{range});
        }
        if (!network_.autostart) {
            plan_.after.emplace_back(ChangeNetwork{NetworkAction::autostart, {}});
        }
        if (!outlook_.will_run) {
            note("libvirt does not run: its network 'default' starts when libvirt does");
        } else if (moves || !network_.active) {
            plan_.after.emplace_back(ChangeNetwork{NetworkAction::start, {}});
            tell_effects(range);
        }
    }

    void tell_effects(const Ipv4Range& range)
    {
        note(fmt::format(
            "libvirt's network 'default' changes the firewall: DHCP and DNS are let in on {0}, packets of {1} "
            "are forwarded and masqueraded, what comes to its VMs from outside is rejected (chains LIBVIRT_* of "
            "iptables, or table libvirt_network of nftables)",
            network_.bridge,
            to_text(range)));
        if (!now_.forwards) {
            note(
                "libvirt's network 'default' switches net.ipv4.ip_forward on, which is off now: this host becomes a "
                "router");
        }
    }

    const NetworkSurroundings& now_;
    const NetworkWish& wish_;
    const NetworkOutlook& outlook_;
    bool there_;
    DefaultNetworkState network_{.range = shipped_range, .bridge = "virbr0"};
    NetworkPlan plan_;
};

}  // namespace

NetworkSurroundings observe_surroundings(const Root& root)
{
    NetworkSurroundings now{.network = observe_network(root)};
    now.guest = text_or_nothing(root, "sys/class/dmi/id/sys_vendor").starts_with("QEMU") ||
                text_or_nothing(root, "sys/class/dmi/id/product_name").starts_with("KVM");
    const auto forwards = trimmed(root, ip_forward);
    now.forwards = forwards && *forwards == "1";
    now.docker = root.exists("sys/class/net/docker0");
    if (now.network && *now.network && (*now.network)->active) {
        now.vms = running_vms(root);
    }
    return now;
}

Result<NetworkWish> parse_network_wish(std::string_view text)
{
    using Kind = NetworkWish::Kind;
    if (text == "auto") {
        return NetworkWish{Kind::automatic};
    }
    if (text == "keep") {
        return NetworkWish{Kind::keep};
    }
    if (text == "off") {
        return NetworkWish{Kind::off};
    }
    const auto range = parse_ipv4_range(text);
    if (!range || range->prefix < widest || range->prefix > narrowest) {
        return Error{
            ErrorCode::usage,
            fmt::format("cannot use '{}' for libvirt's network", text),
            fmt::format("--default-net takes auto, keep, off, or a range that begins where it says, from /{} to "
                        "/{}: 192.168.150.0/24",
                        widest,
                        narrowest)};
    }
    return NetworkWish{Kind::range, *range};
}

Result<NetworkPlan> plan_network(const NetworkSurroundings& now, const NetworkWish& wish, const NetworkOutlook& outlook)
{
    NetworkPlan plan;
    if (!now.network) {
        plan.notes.push_back(
            fmt::format("cannot tell how libvirt's network 'default' stands: {}", now.network.error().message));
        return plan;
    }
    if (!now.claims) {
        plan.notes.push_back(fmt::format("libvirt's network 'default' is left alone: {}", now.claims.error().message));
        return plan;
    }
    if (!*now.network && !outlook.comes) {
        plan.notes.emplace_back(
            "libvirt has no network 'default': host-setup apply hypervisor network brings it; where somebody took it "
            "away: "
            "virsh net-define /usr/share/libvirt/networks/default.xml");
        return plan;
    }
    return Planner{now, wish, outlook}.plan();
}

}  // namespace kvmkit::setup
