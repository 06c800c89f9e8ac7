// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/text.hpp"
#include "report/vms_report.hpp"

#include <string>

namespace kvmkit {

/// For people, at most 80 columns wide: one line that sums up, the host's promises, then each VM with its vCPUs. What
/// others chose, like names, is cut to fit and stripped of what a terminal would obey. Ends with a line end.
std::string to_text(const VmsReport& report, Paint paint);

}  // namespace kvmkit
