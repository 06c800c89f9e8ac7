// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/report.hpp"

#include <nlohmann/json.hpp>

namespace kvmkit {

/// The record kvmkit.kvm-check.run/1 (docs/schema/) without its first field, the schema's name. Every field is present,
/// null where nothing is known.
nlohmann::ordered_json to_json(const Report& report);

}  // namespace kvmkit
