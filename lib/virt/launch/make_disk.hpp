// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/runner.hpp"
#include "virt/launch/step.hpp"

#include <string>
#include <vector>

namespace kvmkit::virt {

/// The command line of qemu-img that makes it.
std::vector<std::string> command_of(const MakeOverlay& step);
std::vector<std::string> command_of(const MakeDisk& step);

/// Both run qemu-img; the file is then its owner's alone.
Result<void> make_overlay(Runner& runner, const MakeOverlay& step);
Result<void> make_disk(Runner& runner, const MakeDisk& step);

}  // namespace kvmkit::virt
