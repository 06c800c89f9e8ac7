// SPDX-License-Identifier: Apache-2.0
#include "net/handover/handover.hpp"

#include "net/handover/announce.hpp"
#include "net/handover/bridge_mac.hpp"
#include "net/handover/inherit.hpp"
#include "net/handover/pin.hpp"
#include "net/handover/program.hpp"
#include "net/handover/staying.hpp"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <sched.h>

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

Holder holder_of(const Link& link)
{
    return {link.index, link.name.str()};
}

Error gone(const LinkName& name)
{
    return {ErrorCode::not_found,
            fmt::format("cannot hand over the addresses: link '{}' does not exist (any more)", name.str()),
            "'net-setup show' lists the links"};
}

Move move_of(const Handover& step, const Network& network)
{
    const Link* port = find(network, step.port);
    const Link* bridge = find(network, step.bridge);
    Move move;
    move.port_index = port->index;
    if (bridge == nullptr) {
        move.from = {0, step.bridge.str()};
        move.to = holder_of(*port);
        return move;
    }
    move.bridge_index = bridge->index;
    const bool attached = port->master == bridge->index;
    const bool to_bridge = step.direction == Direction::to_bridge;
    move.from = holder_of(to_bridge ? *port : *bridge);
    move.to = holder_of(to_bridge ? *bridge : *port);
    if (to_bridge != attached) {
        move.port = to_bridge ? Move::Port::attach : Move::Port::release;
    }
    return move;
}

/// The same way back.
Move reverse_of(const Move& move)
{
    Move back = move;
    back.from = move.to;
    back.to = move.from;
    if (move.port != Move::Port::leave) {
        back.port = move.port == Move::Port::attach ? Move::Port::release : Move::Port::attach;
    }
    return back;
}

/// No ordinary program may take the CPU while this lives: in the middle of a switch that costs packets for as long as
/// the others run, tens of milliseconds on a busy host. Where that is not allowed, all goes as usual.
class Urgency {
public:
    Urgency() : policy_(::sched_getscheduler(0))
    {
        const sched_param lowest{.sched_priority = 1};
        raised_ = policy_ >= 0 && ::sched_getparam(0, &parameters_) == 0 &&
                  ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &lowest) == 0;
    }
    Urgency(const Urgency&) = delete;
    Urgency& operator=(const Urgency&) = delete;
    ~Urgency()
    {
        if (raised_) {
            (void)::sched_setscheduler(0, policy_, &parameters_);
        }
    }

private:
    int policy_;
    sched_param parameters_{};
    bool raised_ = false;
};

class Switch {
public:
    Switch(Channel& channel, const Snapshot& snapshot, const Move& move)
        : channel_(channel), snapshot_(snapshot), move_(move)
    {
    }

    /// An undoing step goes as far as it can: what it gives back must not be taken away again for the sake of one
    /// route.
    void whatever_fails() { to_the_end_ = true; }

    Result<void> to_bridge(BridgeMac& mac, const std::optional<MacAddress>& before)
    {
        auto pinned = mac.pin(before);
        if (!pinned && !to_the_end_) {
            return pinned;
        }
        auto made = over_to_bridge();
        if (!made && !to_the_end_) {
            mac.take_back();
        }
        return made ? std::move(pinned) : std::move(made);
    }

    Result<void> to_port()
    {
        if (move_.from.index != 0) {
            Pin::remove_left_over(channel_, move_.from);
        }
        auto made = run();
        if (made || to_the_end_) {
            set_generation_mode(channel_, move_.port_index, snapshot_.generation_mode);
        }
        return made;
    }

private:
    Result<void> over_to_bridge()
    {
        constexpr std::uint8_t none = IN6_ADDR_GEN_MODE_NONE;
        // An address of the kernel's own would have to wait a second for its duplicate detection.
        set_generation_mode(channel_, move_.bridge_index, none);
        if (auto up = switch_on(channel_, move_.to); !up) {
            return up;
        }
        inherit_settings(move_.from.name, move_.to.name);
        wait_until_settled(channel_, move_.from);
        const auto pin = Pin::hold(channel_, move_.to);
        if (!pin) {
            return pin.error();
        }
        auto made = run();
        if (made || to_the_end_) {
            set_generation_mode(channel_, move_.bridge_index, snapshot_.generation_mode);
            set_generation_mode(channel_, move_.port_index, none);
        }
        return made;
    }

    Result<void> run()
    {
        const Program program = make_program(snapshot_, move_, boot_time_ms());
        auto made = channel_.send(program.stage);
        if (made || to_the_end_) {
            auto switched = switch_over(program.batch);
            made = made ? std::move(switched) : std::move(made);
        }
        if (!made && !to_the_end_) {
            take_back();
            return made;
        }
        (void)channel_.send(program.finish);
        return made;
    }

    Result<void> switch_over(const std::vector<Order>& batch)
    {
        const Urgency urgency;
        return channel_.send(batch);
    }

    void take_back()
    {
        if (move_.from.index == 0) {
            return;
        }
        const Program back = make_program(snapshot_, reverse_of(move_), boot_time_ms());
        for (const auto* orders : {&back.stage, &back.batch, &back.finish}) {
            (void)channel_.send(*orders);
        }
    }

    Channel& channel_;
    const Snapshot& snapshot_;
    const Move& move_;
    bool to_the_end_ = false;
};

/// What a link has of its own, which is to be found under another MAC now.
void announce_own(Channel& channel, const Link& link, const Snapshot& moved, const MacAddress& now)
{
    auto own = channel.list(make_packet(RTM_GETADDR, 0, ifaddrmsg{}));
    if (!own) {
        return;
    }
    std::vector<std::optional<InterfaceAddress>> told;
    std::ranges::transform(moved.addresses, std::back_inserter(told), told_address);
    std::erase_if(*own, [&](const Packet& address) {
        const bool elsewhere = static_cast<int>(header_of<ifaddrmsg>(address).ifa_index) != link.index;
        return elsewhere || std::ranges::find(told, told_address(address)) != told.end();
    });
    announce(*own, holder_of(link), now);
}

Result<Snapshot> snapshot_for(const Handover& step, const Move& move, Channel& channel)
{
    if (!step.snapshot.empty()) {
        return parse_snapshot(step.snapshot);
    }
    auto snapshot = move.from.index != 0 ? take_snapshot(channel, move.from) : Result<Snapshot>{gone(step.bridge)};
    return snapshot ? Result<Snapshot>{without_staying(*std::move(snapshot), step.stays)} : std::move(snapshot);
}

}  // namespace

Result<void> hand_over(const Handover& step, const Network& network)
{
    const bool to_bridge = step.direction == Direction::to_bridge;
    const Link* port = find(network, step.port);
    const Link* bridge = find(network, step.bridge);
    if (port == nullptr || (bridge == nullptr && to_bridge)) {
        return gone(port == nullptr ? step.port : step.bridge);
    }
    auto channel = Channel::open();
    if (!channel) {
        return channel.error();
    }
    const Move move = move_of(step, network);
    const auto snapshot = snapshot_for(step, move, *channel);
    if (!snapshot) {
        return snapshot.error();
    }
    Switch change{*channel, *snapshot, move};
    if (!step.snapshot.empty()) {
        change.whatever_fails();
    }
    BridgeMac mac{*channel, network, bridge, *port};
    const bool undoes = !step.snapshot.empty();  // then all that can be done is
    auto made = to_bridge ? change.to_bridge(mac, step.bridge_mac) : change.to_port();
    if (!made && !undoes) {
        return made;
    }
    if (const auto known = to_bridge ? mac.now() : port->mac) {
        announce(snapshot->addresses, move.to, *known);
    }
    auto given = !to_bridge && step.bridge_mac ? mac.give_back(*step.bridge_mac) : Result<void>{};
    const auto known = bridge != nullptr ? mac.now() : std::nullopt;
    if (known && known != bridge->mac) {
        for (const Link* link : with_followers(network, *bridge)) {
            announce_own(*channel, *link, *snapshot, *known);
        }
    }
    return made ? std::move(given) : std::move(made);
}

Result<Handover> inverse_of(const Handover& step, const Network& network)
{
    const bool to_bridge = step.direction == Direction::to_bridge;
    const Link* giver = find(network, to_bridge ? step.port : step.bridge);
    if (giver == nullptr) {
        return gone(to_bridge ? step.port : step.bridge);
    }
    auto channel = Channel::open();
    if (!channel) {
        return channel.error();
    }
    const auto snapshot = take_snapshot(*channel, holder_of(*giver));
    if (!snapshot) {
        return snapshot.error();
    }
    // What the bridge has of its own is told to whoever asks for the way back later: see earlier_bridge().
    const Link* bridge = find(network, step.bridge);
    return Handover{step.port,
                    step.bridge,
                    to_bridge ? Direction::to_port : Direction::to_bridge,
                    serialise(without_staying(*snapshot, step.stays)),
                    to_bridge && bridge != nullptr ? bridge->addresses : std::vector<InterfaceAddress>{},
                    bridge == nullptr ? std::nullopt
                    : to_bridge       ? mac_to_give_back(*bridge)
                                      : bridge->mac};
}

}  // namespace kvmkit::net
