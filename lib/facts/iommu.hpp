// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// How a module can be had.
enum class ModuleState {
    untold,    ///< Not in the kernel now, and nothing tells whether it could be loaded.
    missing,   ///< The kernel's lists of modules do not name it.
    loadable,  ///< On the disk.
    present,   ///< Loaded or built in.
};

/// What passing devices through to guests needs: the IOMMU, and VFIO.
struct IommuFacts {
    Fact<std::set<std::string>> tables{std::nullopt};  ///< Names of ACPI's tables; absent: no sys/firmware/acpi/tables.
    Fact<std::set<std::string>> units{std::nullopt};   ///< Names in sys/class/iommu; absent: no such folder.
    Fact<std::size_t> groups{std::nullopt};            ///< Folders in sys/kernel/iommu_groups; absent likewise.
    Fact<std::set<std::string>> interrupt_chips{std::nullopt};  ///< Of the first interrupts: "IR-IO-APIC", "IO-APIC".
    Fact<std::string> unsafe_interrupts{std::nullopt};  ///< vfio_iommu_type1's allow_unsafe_interrupts: "Y", "N".
    ModuleState vfio = ModuleState::untold;             ///< Of vfio_pci.

    /// Whether an IOMMU keeps devices apart.
    [[nodiscard]] bool works() const { return groups && groups->value_or(0) > 0; }
};

/// Those of ACPI's tables that describe an IOMMU: Intel's, AMD's, Arm's and the virtual one.
bool describes_iommu(std::string_view table) noexcept;

/// The name of a group in sys/kernel/iommu_groups: a number.
bool is_group_name(std::string_view name) noexcept;

/// Whether an interrupt's number is low enough to be looked at: one of those shows what all do.
bool is_first_interrupt(std::string_view name) noexcept;

/// The lines of modules.dep or modules.builtin that name modules whose names begin so: "vfio".
std::string module_lines(std::string_view modules, std::string_view beginning);

}  // namespace kvmkit
