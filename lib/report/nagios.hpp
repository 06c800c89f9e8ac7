// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/report.hpp"

#include <string>
#include <string_view>

namespace kvmkit {

/// What Nagios and its heirs make of a plugin's exit code; the values are theirs.
enum class NagiosState { ok = 0, warning = 1, critical = 2, unknown = 3 };

/// ready, degraded, unusable and unknown, in this order.
NagiosState nagios_state(Readiness verdict) noexcept;

/// The one line of a plugin: state, headline, what fails, and performance data behind '|'. Ends with a line end.
std::string to_nagios(const Report& report);

/// The line of a plugin that could not even look.
std::string nagios_error(std::string_view message);

}  // namespace kvmkit
