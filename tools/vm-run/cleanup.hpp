// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "txn/execute.hpp"
#include "txn/places.hpp"
#include "virt/launch/world.hpp"
#include "virt/spec/vm_name.hpp"

#include <string>

namespace kvmkit::vm_run {

constexpr const char* tool_name = "vm-run";

/// Undoes every launch whose process is dead. ErrorCode::locked while another one does.
Result<txn::Cleanup> undo_dead_launches(const txn::Places& places, virt::World& world);

/// The lock that keeps two changes of one VM apart.
std::string lock_name(const virt::VmName& name);

}  // namespace kvmkit::vm_run
