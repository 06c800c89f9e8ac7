// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/root.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::setup {

/// Whose archive and whose habits a distribution follows.
enum class Family { debian, ubuntu, rhel, fedora, suse, arch, alpine };

std::string_view word(Family family) noexcept;
std::optional<Family> parse_family(std::string_view text) noexcept;

/// "22.04" is 2204, "12" is 1200, "9.4" is 904; 0 if it is no such number.
unsigned release_number(std::string_view version);

/// How well a distribution is known here. README.md says what each means.
enum class Tier {
    first,   ///< Run for real, or with its package manager run for real.
    second,  ///< Its package manager run for real, against a repository of stubs.
    third,   ///< Planned only.
};

std::string_view word(Tier tier) noexcept;

/// Who installs packages.
enum class Installer { apt, dnf, dnf5, yum, zypper, pacman, apk };

std::string_view word(Installer installer) noexcept;

/// A distribution that is known here.
struct Distribution {
    std::string id;       ///< "debian", "linuxmint"
    std::string version;  ///< VERSION_ID as written; empty on testing and unstable.
    std::string name;     ///< PRETTY_NAME: "Debian GNU/Linux 12 (bookworm)"
    std::string suite;    ///< The archive's suite that packages come from: "bookworm"; empty where there are none.
    Family family = Family::debian;
    unsigned release = 0;   ///< The family's release, times 100: 1200 is Debian 12, 2204 is Ubuntu 22.04; 0: rolling.
    std::string note = {};  ///< What the user should know about how it was taken; empty: nothing.
    Tier tier = Tier::first;
    Installer installer = Installer::apt;
};

/// Judges the text of an os-release file. ErrorCode::refused names what was read and what is supported.
Result<Distribution> read_distribution(std::string_view os_release);

/// What an os-release file says of itself, by the fields that decide: "ID=debian ID_LIKE= VERSION_ID=12".
std::string quote_release(std::string_view os_release);

/// Reads etc/os-release, or usr/lib/os-release where that is missing.
Result<Distribution> detect_distribution(const Root& root);

}  // namespace kvmkit::setup
