// SPDX-License-Identifier: Apache-2.0
#include "probe/iommu.hpp"

#include "probe/modules.hpp"
#include "system/small_files.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit {
namespace {

Fact<std::set<std::string>> names_in(const Root& root, const std::string& folder)
{
    auto names = root.names(folder);
    if (!names) {
        return std::move(names).error();
    }
    return *names ? std::optional{std::set<std::string>((*names)->begin(), (*names)->end())}
                  : std::optional<std::set<std::string>>{};
}

Fact<std::size_t> count_groups(const Root& root)
{
    const auto names = root.names("sys/kernel/iommu_groups");
    if (!names) {
        return names.error();
    }
    return *names ? std::optional{static_cast<std::size_t>(std::ranges::count_if(**names, is_group_name))}
                  : std::optional<std::size_t>{};
}

Fact<std::set<std::string>> read_chips(const Root& root)
{
    const auto numbers = root.names("sys/kernel/irq");
    if (!numbers) {
        return numbers.error();
    }
    std::set<std::string> chips;
    for (const auto& number : numbers->value_or(std::vector<std::string>{})) {
        if (!is_first_interrupt(number)) {
            continue;
        }
        const auto chip = trimmed(root, fmt::format("sys/kernel/irq/{}/chip_name", number));
        if (chip && *chip && !(*chip)->empty()) {
            chips.insert(**chip);
        }
    }
    return chips.empty() ? std::optional<std::set<std::string>>{} : std::optional{std::move(chips)};
}

}  // namespace

IommuFacts read_iommu(const Root& root)
{
    return {.tables = names_in(root, "sys/firmware/acpi/tables"),
            .units = names_in(root, "sys/class/iommu"),
            .groups = count_groups(root),
            .interrupt_chips = read_chips(root),
            .unsafe_interrupts = trimmed(root, "sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts"),
            .vfio = find_module(root, "vfio_pci")};
}

}  // namespace kvmkit
