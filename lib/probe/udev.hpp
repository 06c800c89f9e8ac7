// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "facts/udev.hpp"
#include "system/root.hpp"

namespace kvmkit {

/// What udev's rules make of dev/kvm; absent where no udev runs or no rule names it.
Fact<UdevNode> read_udev(const Root& root);

}  // namespace kvmkit
