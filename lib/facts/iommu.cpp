// SPDX-License-Identifier: Apache-2.0
#include "facts/iommu.hpp"

#include "base/number.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit {

bool describes_iommu(std::string_view table) noexcept
{
    constexpr std::array<std::string_view, 4> known{"DMAR", "IVRS", "IORT", "VIOT"};
    return std::ranges::find(known, table) != known.end();
}

bool is_group_name(std::string_view name) noexcept
{
    return decimal<unsigned>(name).has_value();
}

bool is_first_interrupt(std::string_view name) noexcept
{
    constexpr unsigned enough = 64;
    const auto number = decimal<unsigned>(name);
    return number && *number < enough;
}

std::string module_lines(std::string_view modules, std::string_view beginning)
{
    std::string kept;
    for (const auto line : lines(modules)) {
        const auto path = line.substr(0, line.find(':'));
        if (path.substr(path.rfind('/') + 1).starts_with(beginning)) {
            kept += fmt::format("{}\n", line);
        }
    }
    return kept;
}

}  // namespace kvmkit
