// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/report.hpp"

#include <string>

namespace kvmkit {

/// The answer and its cause in one line, enough to know what to do: "NOT USABLE: VT-x is switched off in firmware (the
/// CPU has it)".
std::string verdict_line(const Report& report);

/// Whether guests can run guests, and the next step, a line each; empty where the findings tell it.
std::string what_next(const Report& report);

}  // namespace kvmkit
