// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/planner/step.hpp"

namespace kvmkit::net {

/// A network as it will be once actions are made that are not made yet: what they undo, and what requests make them,
/// can be said before the first one is sent.
class Expectation {
public:
    explicit Expectation(Network network);

    [[nodiscard]] const Network& network() const noexcept { return network_; }

    /// The same action, in which links to be made have a number that no other link has, or will have.
    [[nodiscard]] Action numbered(Action action);

    /// Takes it that an action is made. false: what it leaves only the kernel can tell, and what follows must wait
    /// until it is asked; the network is then the best guess.
    bool make(const Action& action);

    /// The network without what was deleted, in order, as observe() would give it.
    [[nodiscard]] Network take();

private:
    class Kernel;
    Network network_;
    int next_index_ = 0;
};

}  // namespace kvmkit::net
