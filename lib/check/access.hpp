// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"

#include <string>
#include <string_view>

namespace kvmkit {

/// How the device opens and for whom: by itself for whoever asks, else what was seen of the user who was named.
std::string opened_phrase(const HostFacts& host);

/// Judges the errno with which open(2) on /dev/kvm failed: who may open it, and how this user gets there.
Verdict judge_refused_open(const HostFacts& host, int errnum);

/// Whether the access that this user has to /dev/kvm now is one that udev's rules give, and not one given by hand.
Verdict judge_persistent_access(const HostFacts& host);

/// The command that puts a user into a group, as this distribution has it.
std::string join_command(const HostFacts& host, std::string_view user, std::string_view group);

}  // namespace kvmkit
