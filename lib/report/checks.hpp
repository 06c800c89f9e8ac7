// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"
#include "check/documentation.hpp"

#include <span>
#include <string>

#include <nlohmann/json.hpp>

namespace kvmkit {

/// A table for people: id, severity, title, what it depends on.
std::string to_text(std::span<const Check> checks);

/// The record kvmkit.kvm-check.list/1 (docs/schema/) without its first field, the schema's name.
nlohmann::ordered_json to_json(std::span<const Check> checks);

/// All about one check, for people.
std::string to_text(const Check& check, const CheckDocumentation& documentation);

/// The record kvmkit.kvm-check.show/1 (docs/schema/) without its first field, the schema's name.
nlohmann::ordered_json to_json(const Check& check, const CheckDocumentation& documentation);

}  // namespace kvmkit
