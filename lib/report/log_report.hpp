// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/explain/explainer.hpp"
#include "report/text.hpp"

#include <string>

#include <nlohmann/json.hpp>

namespace kvmkit {

/// For people: one line that counts, then each cause with the line that shows it and with what mends it, the deepest
/// first; where nothing is known, what to do next. Holds no byte that a terminal would obey, but for its own colours.
std::string to_text(const LogReport& report, Paint paint);

/// The record kvmkit.kvm-check.explain/1 (docs/schema/) without its first field, the schema's name.
nlohmann::ordered_json to_json(const LogReport& report);

}  // namespace kvmkit
