// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/root.hpp"

#include <string>
#include <string_view>

namespace kvmkit::setup {

/// Whose archive and whose habits a distribution follows.
enum class Family { debian, ubuntu };

std::string_view word(Family family) noexcept;

/// A distribution that host-setup knows how to serve.
struct Distribution {
    std::string id;       ///< "debian", "linuxmint"
    std::string version;  ///< VERSION_ID as written; empty on testing and unstable.
    std::string name;     ///< PRETTY_NAME: "Debian GNU/Linux 12 (bookworm)"
    std::string suite;    ///< The archive's suite that packages come from: "bookworm".
    Family family = Family::debian;
    unsigned release = 0;   ///< The family's release, times 100: 1200 is Debian 12, 2204 is Ubuntu 22.04.
    std::string note = {};  ///< What the user should know about how it was taken; empty: nothing.
};

/// Judges the text of an os-release file. ErrorCode::refused names what was read and what is supported.
Result<Distribution> read_distribution(std::string_view os_release);

/// Reads etc/os-release, or usr/lib/os-release where that is missing.
Result<Distribution> detect_distribution(const Root& root);

}  // namespace kvmkit::setup
