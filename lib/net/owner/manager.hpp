// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace kvmkit::net {

/// A program that gives links their settings at boot, most specific first: netplan speaks through networkd or
/// NetworkManager, and then is the one to be told.
enum class Manager { netplan, networkd, network_manager, ifupdown2, ifupdown, wicked, ifcfg, none };

/// The word that options and records use: "nm", "networkd".
constexpr std::string_view word(Manager manager) noexcept
{
    constexpr std::array<std::string_view, 8> words{
        "netplan", "networkd", "nm", "ifupdown2", "ifupdown", "wicked", "ifcfg", "none"};
    return words.at(static_cast<std::size_t>(manager));
}

/// Its name in sentences.
constexpr std::string_view full_name(Manager manager) noexcept
{
    constexpr std::array<std::string_view, 8> names{"netplan",
                                                    "systemd-networkd",
                                                    "NetworkManager",
                                                    "ifupdown2",
                                                    "ifupdown",
                                                    "wicked",
                                                    "the network scripts",
                                                    "nobody"};
    return names.at(static_cast<std::size_t>(manager));
}

}  // namespace kvmkit::net
