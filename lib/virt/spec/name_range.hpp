// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/spec/vm_name.hpp"

#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// The most VMs of one launch.
constexpr std::size_t most_names = 200;

/// Reads "web", "web{1..50}", "web{01..10}" (with zeros in front, as many as written) and lists of them with commas.
/// usage: a range that is none or too long, a name that is none, or one that is named twice. Pure.
Result<std::vector<VmName>> parse_names(std::string_view text);

}  // namespace kvmkit::virt
