// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/report.hpp"

#include <string>

namespace kvmkit {

/// Metrics for node_exporter's textfile collector, in the text exposition format 0.0.4. What was not measured is not in
/// there; every check is, with its status as a label.
std::string to_prometheus(const Report& report);

}  // namespace kvmkit
