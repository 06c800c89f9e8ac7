// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/doctor/facts.hpp"

#include <chrono>

namespace kvmkit::net {

/// What this thread's network namespace tells about the links besides their messages: /proc/sys, /sys, ethtool. The
/// firewall and the BPDUs are left to others. What may not be read stays absent.
DoctorFacts read_facts(Network network);

/// Listens on these links (by index) for the spanning tree's hellos until each has said one, or the time is over.
/// ErrorCode::interrupted: the descriptor `stop` became readable; -1: there is none. CAP_NET_RAW.
Result<std::vector<Bpdu>> listen_for_bpdus(const std::vector<int>& links,
                                           std::chrono::milliseconds time,
                                           int stop = -1);

}  // namespace kvmkit::net
