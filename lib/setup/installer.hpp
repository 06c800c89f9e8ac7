// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/catalogue.hpp"
#include "setup/distribution.hpp"
#include "system/root.hpp"

#include <string>
#include <string_view>

namespace kvmkit::setup {

/// The host's architecture in the words of RPM, pacman and apk: "x86_64". Told by its dynamic loader; empty: not known.
std::string architecture_of(const Root& root);

/// What a package manager is told by hand. Each is a whole command line, or its beginning.
struct InstallerWords {
    std::string_view update;        ///< "apt-get update"
    std::string_view install;       ///< "dnf install"
    std::string_view look;          ///< Shows what an installation would do.
    std::string_view repositories;  ///< Shows where packages come from.
    std::string_view clean;         ///< Empties the cache of packages.
    const char* cache;              ///< Where that is, below the host's root.
};

const InstallerWords& words_of(Installer installer) noexcept;

/// What to type where this version does nothing: "dnf install qemu-kvm libvirt".
std::string by_hand(const Distribution& distribution, const Needs& needs);

/// Whether apply works on this host, or plan alone does. ErrorCode::refused otherwise.
Result<void> check_tier(const Distribution& distribution);

}  // namespace kvmkit::setup
