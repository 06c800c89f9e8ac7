// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "txn/places.hpp"
#include "virt/launch/step.hpp"
#include "virt/libvirt/connection.hpp"
#include "virt/spec/domain_xml.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace kvmkit::virt {

/// The folder of one VM, and its disk in it.
std::filesystem::path vm_folder(const txn::Places& places, const VmName& name);
std::filesystem::path overlay_path(const txn::Places& places, const VmName& name);

/// Where an embedded driver for a VM lives: short, because its socket names must fit in 107 bytes.
std::filesystem::path new_driver_root(const txn::Places& places, const std::string& uuid);

/// The plan of a spec: a fresh UUID, and a place for the overlay if there is an image.
DomainPlan make_plan(const VmSpec& spec, const txn::Places& places);

/// Asks the driver who runs QEMU, and whether that user can read image, kernel and initrd. If so, plan.runs_as is set
/// and libvirt will change no owner; permission if a directory on the way keeps it out.
Result<void> check_access(DomainPlan& plan, const Connection& connection);

/// The steps from nothing to a guest that executes, in order.
std::vector<Step> launch_steps(const DomainPlan& plan, const std::string& uri);

/// What launch_steps() left behind, as the steps that remove it, in the order of creation.
std::vector<Step> removal_steps(const VmId& vm, const std::vector<std::string>& disks, const txn::Places& places);

}  // namespace kvmkit::virt
