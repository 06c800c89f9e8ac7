// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/host_facts.hpp"
#include "kvm/prove.hpp"
#include "probe/host_probe.hpp"
#include "system/root.hpp"

namespace kvmkit {

/// Fills in what only the running host can tell: uname, CPUID, who we are, whether libvirt's socket answers, and what
/// /dev/kvm does.
void probe_live(const Root& root, const ProbeOrder& order, HostFacts& host);

/// What the child saw, as facts: a stage that had no sense after the one before is absent; the one that it hung in and
/// all after it are an Error. `depth`: what it was asked for.
void take_over(const kvm::Proven& proven, kvm::Depth depth, KvmFacts& facts);

}  // namespace kvmkit
