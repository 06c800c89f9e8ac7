// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"

#include <string>

namespace kvmkit {

/// Makes the folder "/" and mounts what programs in it need. In a mount and a process namespace of the caller's own.
Result<void> go_inside(const UniqueFd& folder, const std::string& name);

}  // namespace kvmkit
