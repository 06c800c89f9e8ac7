// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"

#include <string>
#include <vector>

namespace kvmkit::net {

/// The files that net-setup wrote for the links of that profile, whichever manager they are for.
std::vector<std::string> own_files(const Root& root, const std::string& profile);

}  // namespace kvmkit::net
