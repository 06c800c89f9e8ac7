// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"
#include "txn/places.hpp"
#include "virt/launch/step.hpp"
#include "virt/libvirt/connection.hpp"
#include "virt/spec/domain_xml.hpp"
#include "virt/spec/uuid.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace kvmkit::virt {

/// The folder of one VM, and its disk in it.
std::filesystem::path vm_folder(const txn::Places& places, const VmName& name);
std::filesystem::path overlay_path(const txn::Places& places, const VmName& name);

/// Where an embedded driver for a VM lives: short, because its socket names must fit in 107 bytes.
std::filesystem::path new_driver_root(const txn::Places& places, const std::string& uuid);

/// The plan of a spec: a fresh UUID unless it has one, and places for the files that are made for it.
DomainPlan make_plan(const VmSpec& spec, const txn::Places& places, std::string uuid = new_uuid());

/// Chooses cache and I/O mode of each disk by what works at its place.
void tune_disks(DomainPlan& plan, const Root& root, bool on_this_host);

/// How a driver handles files.
struct FileHandling {
    std::optional<QemuUser> user;    ///< Who runs QEMU; absent: the caller, or it is not told.
    bool takes_descriptors = false;  ///< A file may be a descriptor that this process hands over.
};

/// Asks the driver. The answer is the same for all VMs.
Result<FileHandling> ask_file_handling(const Connection& connection);

/// Whether the user that runs QEMU can use image, kernel, initrd and disks. If so, plan.runs_as is set and libvirt will
/// change no owner; permission if a directory on the way keeps it out. The seed of an ephemeral VM moves into memory
/// where libvirt takes it from there.
Result<void> check_access(DomainPlan& plan, const FileHandling& handling);

/// The steps from nothing to a guest that executes, in order.
std::vector<Step> launch_steps(const DomainPlan& plan, const std::string& uri);

/// Those that let a VM of ours that is off execute again. Undoing them cuts its power, and nothing more.
std::vector<Step> start_steps(const DomainPlan& plan, const std::string& uri);

/// Those that start libvirt's networks, before launch_steps(); undoing a launch stops what it started.
std::vector<Step> network_steps(const std::vector<std::string>& networks, const std::string& uri);

/// What launch_steps() left behind, as the steps that remove it, in the order of creation.
std::vector<Step> removal_steps(const VmId& vm, const std::vector<std::string>& disks, const txn::Places& places);

}  // namespace kvmkit::virt
