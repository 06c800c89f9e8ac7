// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "facts/kvm_users.hpp"
#include "system/root.hpp"

namespace kvmkit {

/// The processes of proc/ that hold /dev/kvm or a machine of KVM open, this one left out. Root sees all, others their
/// own. Absent: there is no proc/.
Fact<KvmUsers> find_kvm_users(const Root& root);

}  // namespace kvmkit
