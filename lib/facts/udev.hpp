// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit {

/// What udev makes of a device node at each of its events, whatever somebody changed by hand in between.
struct UdevNode {
    std::optional<unsigned> mode = std::nullopt;       ///< The permission bits; absent: no rule says.
    std::string group = {};                            ///< Empty: no rule says.
    bool open_to_seat = false;                         ///< Who sits at the machine is let in, too (the tag uaccess).
    std::optional<unsigned> seat_user = std::nullopt;  ///< The user who sits there now.

    [[nodiscard]] bool ruled() const noexcept { return mode || !group.empty(); }
};

/// Reads one file of udev's rules after the others: of those that match a device by its kernel's name alone, or by
/// SUBSYSTEM and ACTION besides, the last one counts. Rules that ask for more are left out.
void apply_udev_rules(std::string_view rules, std::string_view kernel_name, UdevNode& node);

/// ACTIVE_UID of the text of run/systemd/seats/seat0; absent: nobody sits there.
std::optional<unsigned> seat_user(std::string_view seat);

}  // namespace kvmkit
