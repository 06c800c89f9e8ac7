// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"

#include <cstddef>
#include <string>

#include <nlohmann/json.hpp>

namespace kvmkit {

/// "fix (in the firmware): ..." and the commands below it, each line indented.
std::string to_text(const Remedy& remedy, std::size_t indent);

/// A record of summary, commands and where.
nlohmann::ordered_json to_json(const Remedy& remedy);

}  // namespace kvmkit
