// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace kvmkit::setup {

/// What is done to libvirt's network "default".
enum class NetworkAction { start, stop, autostart, no_autostart };

/// "start", "stop", "autostart", "no-autostart".
std::string_view word(NetworkAction action) noexcept;

/// For people: "start libvirt's network 'default'".
std::string_view phrase(NetworkAction action) noexcept;

/// The action of a word; absent for a word that is none.
std::optional<NetworkAction> read_network_action(std::string_view text) noexcept;

}  // namespace kvmkit::setup
