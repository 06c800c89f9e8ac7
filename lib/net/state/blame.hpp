// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/planner/step.hpp"

#include <cstdint>
#include <vector>

namespace kvmkit::net {

/// Where a state file asks for what the kernel refused of a step: the key of the attribute that it does not like, as
/// told by attribute_at(), or else the one that its words or the step are about; the wish itself where none of these
/// tells. Empty: no file asked. Pure.
KeyPath blamed_path(const Step& step, const std::vector<std::uint16_t>& attribute, std::string_view words = {});

}  // namespace kvmkit::net
