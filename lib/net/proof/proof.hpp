// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/result.hpp"

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::net {

/// Something that shows, by packets that come back, that the host is still reached.
struct Proof {
    std::string name;  ///< "gateway 192.0.2.1 answers"
    std::function<bool(Deadline)> holds;
};

/// One for each gateway of a default route, by ARP or neighbour discovery past the kernel's tables: a neighbour that it
/// still remembers proves nothing. On the link that the route leads through when it is asked.
std::vector<Proof> gateway_proofs();

/// The operator's own connection: what is written to it must be acknowledged by the other end, and sock_diag says when
/// that last happened. `connection` is SSH_CONNECTION: client, its port, server, its port. `write` sends something to
/// the operator. Absent for text that is none.
std::optional<Proof> ssh_proof(std::string_view connection, std::function<void()> write);

/// Whether that connection is one of this network namespace.
bool is_open_here(std::string_view connection);

/// tcp://HOST:PORT accepts a connection, icmp://HOST answers an echo; HOST is an address, an IPv6 one in brackets.
/// ErrorCode::usage for anything else.
Result<Proof> probe_proof(const std::string& url);

/// Those that hold, asked one after the other; and the names of the others.
struct Proven {
    std::vector<Proof> holding;
    std::vector<std::string> failing;
};
Proven ask(const std::vector<Proof>& proofs, std::chrono::milliseconds patience_each);

}  // namespace kvmkit::net
