// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/host_facts.hpp"

#include <string>
#include <string_view>

namespace kvmkit {

/// Whether it is known to be a 32 or 64 bit PC. is_foreign() is not its opposite: neither holds where nothing is known.
bool is_pc(const HostFacts& host);

/// Whether its CPU is known to have AMD's kind of virtualization.
bool has_amd(const HostFacts& host);

/// "kvm_amd" where has_amd() says so, else "kvm_intel".
std::string_view vendor_module(const HostFacts& host);

/// Whether a module of KVM is known to be in the kernel.
bool has_module(const HostFacts& host, std::string_view name);

/// ID of etc/os-release: "debian"; empty: not known.
std::string distribution_id(const HostFacts& host);

}  // namespace kvmkit
