// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "facts/host_facts.hpp"

#include <string_view>

namespace kvmkit {

/// Reads the capture.json of a recorded host (docs/recorded-hosts.md) into the facts that no file can hold: arch,
/// cpuid, user and what was seen of /dev/kvm. What it does not mention becomes an Error "not recorded", what it holds
/// as null is absent; the other facts stay as they are. Error: it is no such document.
Result<void> read_capture(std::string_view json, HostFacts& host);

/// The fact that nobody wrote down.
Error not_recorded(std::string_view what);

}  // namespace kvmkit
