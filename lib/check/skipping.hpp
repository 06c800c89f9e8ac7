// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"

#include <string_view>

namespace kvmkit {

/// Skips where there is no such file, in the words that fit: a recording may just not hold it.
Verdict nothing_at(const HostFacts& host, std::string_view path);

}  // namespace kvmkit
