// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/handover/rewrite.hpp"

#include <vector>

namespace kvmkit::net {

/// From where to where, and what becomes of the port.
struct Move {
    Holder from = {};  ///< Index 0: it is gone, and so is what hung on it, but for rules, which name it.
    Holder to = {};
    enum class Port { attach, release, leave } port = Port::leave;
    int port_index = 0;
    int bridge_index = 0;
};

/// The messages of one move, in the order in which they are sent. Whatever is so already is no failure, so that a move
/// may be made again, and half a move be made whole or undone.
struct Program {
    std::vector<Order> stage;   ///< Changes no packet's way.
    std::vector<Order> batch;   ///< The switch itself: one system call.
    std::vector<Order> finish;  ///< What nothing waits for.
};

/// Puts what a snapshot holds on move.to and takes it off move.from. Pure.
///
/// A port becomes one before anything else, and is released last of all: what it sends itself goes out at any time,
/// what comes in is taken wherever the address is, and no route leads to a bridge that has lost its port. Each route
/// exists somewhere at any moment.
Program make_program(const Snapshot& snapshot, const Move& move, std::int64_t now_ms);

}  // namespace kvmkit::net
