// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/root.hpp"

#include <string>

namespace kvmkit::vm_run {

/// The error of a launch; where QEMU found a disk locked, with who has it.
Error with_holder(Error error, const Root& root, const std::string& uri);

}  // namespace kvmkit::vm_run
