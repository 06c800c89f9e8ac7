// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/host.hpp"
#include "setup/plan.hpp"

#include <string>
#include <vector>

namespace kvmkit::setup {

/// What to type on a host of the third tier, which is planned for only: a line for each component that has something to
/// do there. Empty on others. Pure.
std::vector<std::string> manual_lines(const Host& host, const Components& components, const std::vector<Need>& missing);

}  // namespace kvmkit::setup
