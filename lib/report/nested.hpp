// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "report/report.hpp"
#include "report/text.hpp"

#include <optional>
#include <string>

#include <nlohmann/json.hpp>

namespace kvmkit {

/// All that `kvm-check nested` says: what lies below this host, what this host offers its guests, and what is missing.
struct NestedReport {
    NestedState state = NestedState::unknown;
    Fact<UnderlayFacts> underlay{std::nullopt};
    std::optional<bool> virtualized;  ///< Whether this host is a guest itself; absent: not known.
    std::string below;                ///< What the CPU shows this host: "vmx", "svm" or "none"; empty: not known.
    Fact<NestedOffer> offer{std::nullopt};
    std::optional<Finding> run;      ///< The guest's guest, if one was run.
    std::optional<Finding> paging;   ///< The same by nested paging.
    std::optional<Finding> missing;  ///< What stands in the way: the first in the order of the catalogue.
};

/// `host` as probed, `report` as judged from it.
NestedReport make_nested_report(const HostFacts& host, const Report& report);

/// For people: one verdict line, then a line for each storey of the house. Ends with a line end.
std::string to_text(const NestedReport& report, Paint paint);

/// The record kvmkit.kvm-check.nested/1 without its first field.
nlohmann::ordered_json to_json(const NestedReport& report);

}  // namespace kvmkit
