// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/report.hpp"

#include <string>
#include <string_view>

namespace kvmkit {

/// For a bug report: the host, every check and the remedies as tables of GitHub's Markdown. `version`: this tool's.
std::string to_markdown(const Report& report, std::string_view version);

}  // namespace kvmkit
