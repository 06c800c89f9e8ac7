// SPDX-License-Identifier: Apache-2.0
#include "check/firmware_menu.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// One maker's firmware setup. Menus differ from model to model: the likeliest one is named first.
struct MenuRow {
    std::string_view vendor;  ///< What DMI's name begins with, in lower case.
    std::string_view maker;   ///< For people.
    std::string_view key;     ///< Pressed while the machine starts.
    std::string_view menu;
};

constexpr std::array rows{
    MenuRow{"dell", "Dell", "F2", "'Virtualization Support' > 'Virtualization' (PowerEdge: 'Processor Settings')"},
    MenuRow{"hpe", "HPE", "F9", "'System Configuration' > 'BIOS/Platform Configuration' > 'Virtualization Options'"},
    MenuRow{"hp",
            "HP",
            "F10 or F9",
            "'Security' > 'System Security', or 'Advanced' > 'System Options' (ProLiant: 'Virtualization Options')"},
    MenuRow{
        "hewlett-packard", "HP", "F10 or F9", "'Security' > 'System Security' (ProLiant: 'Virtualization Options')"},
    MenuRow{"lenovo",
            "Lenovo",
            "F1 or F2",
            "'Security' > 'Virtualization' (ThinkCentre: 'Advanced' > 'CPU Setup'; IdeaPad: 'Configuration'; "
            "ThinkSystem: 'System Settings' > 'Processors')"},
    MenuRow{"supermicro", "Supermicro", "Del", "'Advanced' > 'CPU Configuration'"},
    MenuRow{"asus", "ASUS", "Del or F2, then F7", "'Advanced' > 'CPU Configuration'"},
    MenuRow{"gigabyte",
            "Gigabyte",
            "Del",
            "'Tweaker' > 'Advanced CPU Settings' (older: 'M.I.T.' > 'Advanced Frequency Settings' > 'Advanced CPU Core "
            "Settings')"},
    MenuRow{"micro-star", "MSI", "Del, then F7", "'OC' > 'CPU Features'"},
    MenuRow{"msi", "MSI", "Del, then F7", "'OC' > 'CPU Features'"},
    MenuRow{"asrock", "ASRock", "F2 or Del", "'Advanced' > 'CPU Configuration'"},
    MenuRow{"intel", "Intel", "F2", "'Security' > 'Security Features'"},
    MenuRow{"acer", "Acer", "F2", "'Advanced', or 'Main'"},
};

std::string lower(std::string_view text)
{
    std::string result{text};
    std::ranges::transform(result, result.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

const MenuRow* row_of(std::string_view vendor)
{
    const auto name = lower(vendor);
    const auto row =
        std::ranges::find_if(rows, [&name](const MenuRow& candidate) { return name.starts_with(candidate.vendor); });
    return row == rows.end() ? nullptr : &*row;
}

/// The machine's maker wrote its firmware; where that is an assembler, the board's did.
const MenuRow* menu_of(const HostFacts& host)
{
    if (!host.dmi || !*host.dmi) {
        return nullptr;
    }
    const auto* system = row_of((*host.dmi)->vendor);
    return system != nullptr ? system : row_of((*host.dmi)->board_vendor);
}

bool is_intel(const HostFacts& host)
{
    const auto vendor = host.cpu && *host.cpu ? (*host.cpu)->vendor : std::string{};
    return vendor == "GenuineIntel" || vendor == "CentaurHauls" || vendor == "  Shanghai  ";
}

}  // namespace

Remedy firmware_remedy(const HostFacts& host)
{
    const std::string_view setting =
        is_intel(host) ? "Intel Virtualization Technology (VT-x, VMX)" : "SVM Mode (AMD-V)";
    const auto* menu = menu_of(host);
    const auto where =
        menu == nullptr
            ? std::string{"in the firmware setup, mostly at 'Advanced' > 'CPU Configuration',"}
            : fmt::format(
                  "in {}'s firmware setup ({} at the start), mostly at {},", menu->maker, menu->key, menu->menu);
    return {fmt::format("{} switch on '{}' and save, then power the machine off fully and on again: a restart is not "
                        "enough",
                        where,
                        setting),
            {},
            Where::firmware};
}

}  // namespace kvmkit
