// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/console.hpp"

#include <string_view>

#include <nlohmann/json.hpp>

namespace kvmkit::cli {

/// Keeps the order in which fields are written, so that records read the same every time.
using Json = nlohmann::ordered_json;

/// Prints the one record of a --json run on standard output. Bytes that are not UTF-8 become replacement characters.
void print_json(const Console& console, const Json& record);

/// "kvmkit.TOOL.COMMAND/VERSION", blanks in the command written as '-'.
std::string schema_name(std::string_view tool, std::string_view command, int version = 1);

}  // namespace kvmkit::cli
