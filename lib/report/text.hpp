// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/report.hpp"

#include <string>

namespace kvmkit {

/// Which findings are shown.
enum class Detail {
    problems,  ///< Those that ask for something; what was skipped is counted in one line.
    all,
};

enum class Paint { plain, ansi };

/// For people: one verdict line, the recommendation, then the findings with what mends them. Ends with a line end.
std::string to_text(const Report& report, Detail detail, Paint paint);

}  // namespace kvmkit
