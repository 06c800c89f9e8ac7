// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <string>
#include <vector>

namespace kvmkit::vm_run {

/// The names of a command line, ranges such as web{1..3} made out, each named once. One that vm-run would not give may
/// still be one of libvirt's: it stays as it is.
Result<std::vector<std::string>> expand_names(const std::vector<std::string>& operands);

}  // namespace kvmkit::vm_run
