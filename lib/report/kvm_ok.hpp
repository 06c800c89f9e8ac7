// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/report.hpp"

#include <string>

namespace kvmkit {

/// Whether scripts that ask kvm-ok should use KVM: the recommendation, not the presence of a flag or a file.
bool kvm_ok(const Report& report);

/// The report in the words of kvm-ok (cpu-checker 0.7), which scripts look for, with our answer: INFO and HINT lines,
/// then "KVM acceleration can be used" or "KVM acceleration can NOT be used".
std::string to_kvm_ok(const Report& report);

}  // namespace kvmkit
