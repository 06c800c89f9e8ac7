// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "base/result.hpp"
#include "facts/kvm.hpp"
#include "launch_options.hpp"
#include "system/root.hpp"

#include <string>

namespace kvmkit::vm_run {

/// Who runs the guest's instructions, and why.
struct Accelerator {
    virt::DomainType type = virt::DomainType::qemu;
    std::string why;
    std::string cpu = {};                      ///< kvm-check's recommendation, as QEMU spells it; empty: not measured.
    Fact<NestedOffer> nesting = std::nullopt;  ///< What KVM offers guests for guests of their own; absent: not asked.
    bool fallback = false;                     ///< TCG was chosen because KVM does not serve: worth a loud line.
};

/// "kvm", "tcg" or "none" (libvirt's test driver), for people and records.
std::string_view word(virt::DomainType type) noexcept;

/// That of a VM that is there already.
Accelerator accelerator_of(const virt::VmSpec& spec);

/// Asks the same probe as kvm-check, unless tcg is wished. ErrorCode::refused where kvm is wished and would be absent
/// or slower than TCG; ErrorCode::usage where libvirt is on another host, which the probe cannot see.
Result<Accelerator> choose_accelerator(const LaunchOptions& options, const Root& root);

/// What the CPU is made of by that measurement. ErrorCode::refused where guests of guests are wished and KVM offers
/// none.
Result<virt::CpuPlan> plan_cpu(const Accelerator& accelerator, const virt::Hardware& hardware);

}  // namespace kvmkit::vm_run
