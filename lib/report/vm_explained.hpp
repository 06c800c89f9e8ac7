// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/text.hpp"
#include "report/vms_report.hpp"

#include <string>

#include <nlohmann/json.hpp>

namespace kvmkit {

/// One VM of a report in full, for people: its process, each vCPU as a thread on a physical CPU, who shares those CPUs,
/// what its waiting means, and the host's promises. At most 80 columns wide.
std::string explain_text(const VmsReport& report, const RunningVm& vm, Paint paint);

/// The same as a record, without its schema: kvm-check's record of that VM, and "shared_cpus".
nlohmann::ordered_json explain_json(const VmsReport& report, const RunningVm& vm);

/// One line for each VM: where it is and what it takes.
std::string vms_table(const VmsReport& report);

}  // namespace kvmkit
