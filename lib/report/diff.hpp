// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "report/report.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace kvmkit {

/// One check of an outline.
struct OutlinedCheck {
    std::string id;
    std::string status;
    std::string evidence;
};

/// What two reports are compared by: the words that describe host and answer, and the checks.
struct Outline {
    std::vector<std::pair<std::string, std::string>> facts;  ///< Name and value; empty: not known.
    std::vector<OutlinedCheck> checks;
};

Outline outline(const Report& report);

/// From a record kvmkit.kvm-check.run/1. ErrorCode::invalid: it is none.
Result<Outline> read_outline(std::string_view json);

struct FactDifference {
    std::string name;
    std::string a;
    std::string b;
};

/// A check that only one side has is absent on the other.
struct CheckDifference {
    std::string id;
    std::optional<OutlinedCheck> a;
    std::optional<OutlinedCheck> b;
};

struct Differences {
    std::vector<FactDifference> facts;
    std::vector<CheckDifference> checks;

    [[nodiscard]] bool none() const { return facts.empty() && checks.empty(); }
};

/// Facts and checks that differ, in the order of `a`. Times that were measured ("0.6 ms", "20 times") differ from run
/// to run and count as equal where the status is.
Differences compare(const Outline& a, const Outline& b);

/// For people: a line for each fact, up to three for each check. Ends with a line end.
std::string to_text(const Differences& differences);

/// The members `facts` and `checks` of the record kvmkit.kvm-check.diff/1.
nlohmann::ordered_json to_json(const Differences& differences);

}  // namespace kvmkit
