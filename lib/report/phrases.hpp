// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/report.hpp"

#include <string>
#include <string_view>

namespace kvmkit {

/// The answer for people, after "KVM: ".
std::string_view headline(const Report& report);

/// "11 of 12 checks, strictly: degraded": what the verdict is about where not the whole catalogue decided it; else
/// empty.
std::string scope(const Report& report);

/// " (in the firmware)": where a remedy is to be applied; empty for this host.
std::string_view place(Where where);

/// One line of valid UTF-8: line ends and other control characters become blanks, bytes that are not UTF-8 '?'.
std::string one_line(std::string_view text);

}  // namespace kvmkit
