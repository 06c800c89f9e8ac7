// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/runner.hpp"
#include "virt/launch/step.hpp"

namespace kvmkit::virt {

/// Both run qemu-img; the file is then its owner's alone.
Result<void> make_overlay(Runner& runner, const MakeOverlay& step);
Result<void> make_disk(Runner& runner, const MakeDisk& step);

}  // namespace kvmkit::virt
