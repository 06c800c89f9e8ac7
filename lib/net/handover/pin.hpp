// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/snapshot.hpp"

#include <array>
#include <optional>
#include <string>

namespace kvmkit::net {

/// A cable that ends in nothing, plugged into a bridge so that the bridge has a carrier before its real port comes:
/// until it has one the kernel drops what is sent through it. It sends nothing itself.
class Pin {
public:
    /// Returns once the bridge runs; at once where it runs already. Needs the bridge to be switched on.
    static Result<Pin> hold(Channel& channel, const Holder& bridge);
    /// The same where the bridge runs already, but is about to lose its port for a moment.
    static Result<Pin> plug_in(Channel& channel, const Holder& bridge);
    Pin(Pin&& other) noexcept : channel_(other.channel_), index_(std::exchange(other.index_, 0)) {}
    Pin& operator=(Pin&&) = delete;
    Pin(const Pin&) = delete;
    Pin& operator=(const Pin&) = delete;
    ~Pin();

    /// Removes the one that a killed run may have left on this bridge.
    static void remove_left_over(Channel& channel, const Holder& bridge);

    /// What it is made of: the end in the bridge and the far one.
    static std::array<std::string, 2> ends(const Holder& bridge);

private:
    enum class Already { enough, not_enough };
    static Result<Pin> make(Channel& channel, const Holder& bridge, Already running);
    Pin(Channel& channel, int index) : channel_(channel), index_(index) {}
    Channel& channel_;
    int index_;
};

/// Stops, or starts again, the kernel making an IPv6 address for a link by itself. Where there is no IPv6, nothing.
void set_generation_mode(Channel& channel, int index, std::uint8_t mode);

/// A card that has just got its carrier is taken up by the kernel up to a second later, and as a port it drops
/// everything until then: waits for that. At once for a card that is up, and for one without a carrier.
void wait_until_settled(Channel& channel, const Holder& card);

/// Switches a link on.
Result<void> switch_on(Channel& channel, const Holder& link);

}  // namespace kvmkit::net
