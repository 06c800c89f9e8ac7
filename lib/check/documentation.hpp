// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace kvmkit {

inline constexpr std::size_t most_symptoms = 8;

/// What `kvm-check show` says of a check beyond its row in the catalogue. Sentences, each with its full stop.
struct CheckDocumentation {
    std::string_view id;
    std::string_view asks;
    std::string_view detected;  ///< From which file, call or measurement.
    std::string_view failure;   ///< What it means for guests if it does not pass.
    std::string_view mends;
    std::array<std::string_view, most_symptoms> symptoms = {};  ///< Ids of kvm-check(1); unused ones are empty.
};

/// The rows of one group, where it has a file of its own.
std::span<const CheckDocumentation> underlay_documentation();

/// One row for each check of the catalogue, in its order.
std::span<const CheckDocumentation> check_documentation();

/// The rows of the CPU's features, the kernel's settings, resources and the IOMMU, in any order.
std::span<const CheckDocumentation> resource_documentation();

/// The row of one check; absent: there is no such check.
std::optional<CheckDocumentation> documentation_of(std::string_view id);

}  // namespace kvmkit
