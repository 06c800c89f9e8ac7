// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/root.hpp"
#include "txn/places.hpp"
#include "virt/launch/step.hpp"
#include "virt/libvirt/connection.hpp"
#include "virt/spec/vm_name.hpp"

#include <vector>

namespace kvmkit::vm_run {

/// The steps that remove the folder of a VM that libvirt forgot by other means, such as virsh undefine. not_found:
/// there is no such folder; refused: a VM uses what lies in it; else why it cannot be told whether one does.
Result<std::vector<virt::Step>> steps_to_remove_forsaken(const virt::Connection& connection,
                                                         const Root& root,
                                                         const txn::Places& places,
                                                         const virt::VmName& name);

}  // namespace kvmkit::vm_run
