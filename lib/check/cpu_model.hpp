// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"

#include <string>

namespace kvmkit {

/// The MSRs that KVM refused, for people: "MSR 0x10a (the list of mitigations in the CPU)".
std::string refused_names(const MsrWriteback& msrs);

/// QEMU's -cpu that keeps KVM from being asked for what it refuses: "host", "host,-arch-capabilities".
std::string host_model(const Fact<MsrWriteback>& msrs);

/// The -cpu and the libvirt features that make QEMU start in spite of the refused MSRs.
Remedy writeback_remedy(const MsrWriteback& msrs);

}  // namespace kvmkit
