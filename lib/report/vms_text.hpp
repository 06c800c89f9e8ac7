// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/text.hpp"
#include "report/vms_report.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace kvmkit {

/// For people, at most 80 columns wide: one line that sums up, the host's promises, then each VM with its vCPUs. What
/// others chose, like names, is cut to fit and stripped of what a terminal would obey. Ends with a line end.
std::string to_text(const VmsReport& report, Paint paint);

/// Its parts: what the host promised, and one VM with its vCPUs.
std::string host_text(const VmsReport& report, Paint paint);
std::string vm_text(const RunningVm& vm, const VmsReport& report, Paint paint);

/// At most `width` bytes, without half a letter at the end, control characters replaced: names come from other users'
/// command lines and would reach the terminal.
std::string harmless(std::string_view text, std::size_t width);

}  // namespace kvmkit
