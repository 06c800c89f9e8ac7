// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/vms_report.hpp"

#include <nlohmann/json.hpp>

namespace kvmkit {

/// The fields of the record kvmkit.kvm-check.vms/1 but its schema: docs/schema/kvmkit.kvm-check.vms-1.json.
nlohmann::ordered_json to_json(const VmsReport& report);

}  // namespace kvmkit
