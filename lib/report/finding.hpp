// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"
#include "report/text.hpp"

#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

namespace kvmkit {

/// `code`: the parameters of an SGR escape sequence: "31" is red.
std::string coloured(std::string_view text, std::string_view code, Paint paint);

/// One finding for people: status, id and title; the evidence; what mends it. Ends with a line end.
std::string finding_text(const Finding& finding, Paint paint);

/// One element of "checks" in the record kvmkit.kvm-check.run/1.
nlohmann::ordered_json finding_json(const Finding& finding);

}  // namespace kvmkit
