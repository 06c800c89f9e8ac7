// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "launch_options.hpp"
#include "system/root.hpp"

#include <string>

namespace kvmkit::vm_run {

/// Who runs the guest's instructions, and why.
struct Accelerator {
    virt::DomainType type = virt::DomainType::qemu;
    std::string why;
    bool fallback = false;  ///< TCG was chosen because KVM does not serve: worth a loud line.
};

/// "kvm", "tcg" or "none" (libvirt's test driver), for people and records.
std::string_view word(virt::DomainType type) noexcept;

/// Asks the same probe as kvm-check, unless tcg is wished. ErrorCode::refused where kvm is wished and would be absent
/// or slower than TCG; ErrorCode::usage where libvirt is on another host, which the probe cannot see.
Result<Accelerator> choose_accelerator(const LaunchOptions& options, const Root& root);

}  // namespace kvmkit::vm_run
