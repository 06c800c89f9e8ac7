// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/planner/step.hpp"

#include <string>
#include <string_view>

namespace kvmkit::net {

/// A step as one line of JSON, for the journal: decode(encode(step)) == step for every step.
std::string encode(const Step& step);

/// ErrorCode::external if the text is not such a line.
Result<Step> decode(std::string_view text);

}  // namespace kvmkit::net
