// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_fd.hpp"

#include <string_view>

namespace kvmkit {

/// open(2) below the directory `top`, as if that were '/': absolute links and ".." stay inside. Walks step by step,
/// since openat2(2) with RESOLVE_IN_ROOT is there from Linux 5.6 on only. Sets errno where it gives nothing.
UniqueFd open_confined(int top, std::string_view path, int flags);

}  // namespace kvmkit
