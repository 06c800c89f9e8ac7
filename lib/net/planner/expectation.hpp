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

    /// An index that no link has, and none will have that this is asked for again.
    int new_index() { return next_index_++; }

    /// Takes it that an action is made. false: what it leaves only the kernel can tell, and what follows must wait
    /// until it is asked.
    bool make(const Action& action);

    /// The network without what was deleted, in order, as observe() would give it.
    [[nodiscard]] Network take();

private:
    class Kernel;
    Network network_;
    int next_index_ = 0;
};

}  // namespace kvmkit::net
