// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/snapshot.hpp"
#include "net/model/network.hpp"

#include <optional>
#include <vector>

namespace kvmkit::net {

/// The MAC of a bridge that a port comes to or has left, which the LAN is to know the host by. One that follows its
/// ports' is told the one that it would have: for good, and before anything moves to it, for the kernel forgets the
/// neighbours of a link whose MAC changes.
class BridgeMac {
public:
    /// Whether a bridge's MAC follows its ports' is told to root, by Linux 5.2; else it stays as it comes. `bridge`
    /// null: there is none any more.
    BridgeMac(Channel& channel, const Network& network, const Link* bridge, const Link& port);

    /// Pins it, if it is not pinned; to that of before, if the port comes back.
    Result<void> pin(const std::optional<MacAddress>& before);
    /// After a move that failed. The undoing step does the same, and tells of failures.
    void take_back() const;
    /// After the port has left: that of before, pinned, if the bridge still has the port's, or none.
    [[nodiscard]] Result<void> give_back(const MacAddress& mac) const;

    /// Absent: the kernel does not tell.
    [[nodiscard]] std::optional<MacAddress> now() const;

private:
    [[nodiscard]] std::optional<MacAddress> told() const;
    [[nodiscard]] Result<void> set(const MacAddress& mac) const;

    Channel& channel_;
    const Network& network_;
    const Link* bridge_;
    const Link& port_;
    std::optional<MacAddress> known_ = {};
    bool was_set_ = false;
};

/// The lowest of the MACs that a bridge's ports have once this one is among them: what the kernel has a bridge follow.
/// Absent: none has one. Pure.
std::optional<MacAddress> mac_with_port(const Network& network, const Link& bridge, const Link& port);

/// The bridge, and the VLANs on it, and on those, that have its MAC, and get the one that it gets. Pure.
std::vector<const Link*> with_followers(const Network& network, const Link& bridge);

/// The MAC that a bridge is to have again once a port has left it: a random local one if it lost its own with its last
/// port. Absent: the kernel gives no random bytes.
std::optional<MacAddress> mac_to_give_back(const Link& bridge);

}  // namespace kvmkit::net
