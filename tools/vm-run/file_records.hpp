// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/json.hpp"
#include "virt/spec/domain_xml.hpp"

#include <string>

namespace kvmkit::vm_run {

/// The disks of a VM in the order in which the guest sees them, each with how it is read and written and why.
cli::Json disk_records(const virt::DomainPlan& plan);

/// What the guest is told by its seed; null without one. Keys are counted, not named.
cli::Json seed_record(const virt::DomainPlan& plan);

/// "  log in as kvmkit: vm-run ssh web\n" where there is somebody to log in as, or why that cannot be; else nothing.
std::string login_line(const virt::DomainPlan& plan);

}  // namespace kvmkit::vm_run
