// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "facts/host_facts.hpp"
#include "kvm/prove.hpp"
#include "system/root.hpp"

namespace kvmkit {

/// Collects every fact. Never fails as a whole: what cannot be read is recorded as such. On this host it also runs
/// guest code through /dev/kvm, in a child that is gone by the deadline; for any other root it opens no device and runs
/// nothing, but reads what was recorded (docs/recorded-hosts.md). Needs no privilege beyond the access to /dev/kvm.
/// `depth`: whether a guest may run a guest of its own, too.
HostFacts probe_host(const Root& root, Deadline deadline, kvm::Depth depth = kvm::Depth::plain);

}  // namespace kvmkit
