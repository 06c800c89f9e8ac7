// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/owner/manager.hpp"
#include "net/persist/profile.hpp"
#include "net/persist/writers.hpp"

#include <span>
#include <string_view>

namespace kvmkit::net {

/// How a manager writes a value of ours.
enum class WordForm { plain, yes_no, no_yes, on_off, milliseconds, pvid, list, upper };

/// One option in a manager's words.
struct ManagerWord {
    std::string_view key;     ///< Ours: "stp.forward-delay".
    std::string_view theirs;  ///< "ForwardDelaySec"; empty: said elsewhere, or true anyway.
    WordForm form = WordForm::plain;
};

/// The settings in a manager's words. ErrorCode::unsupported names the first that it has none for.
Result<Settings> translated(const KeptLink& link,
                            const Settings& settings,
                            std::span<const ManagerWord> words,
                            Manager manager);

/// Something that the manager has no words for.
Error cannot_say(const KeptLink& link, std::string_view what, Manager manager);

/// What systemd-networkd has words for and netplan has none: drop-ins for the files that netplan makes for a link.
/// `of_bridge`: the settings of a bridge that are left. ErrorCode::unsupported.
Result<KeptFiles> write_networkd_additions(const Profile& profile, const KeptLink& link, const Settings& of_bridge);

/// The value of a setting; empty if it is not set.
std::string value_of(const Settings& settings, std::string_view key);

/// The whole part of a bridge's or port's VLANs that is tagged: members that are neither pvid nor untagged.
VlanSet tagged_of(const VlanMembership& vlans);

}  // namespace kvmkit::net
