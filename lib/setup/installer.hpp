// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/catalogue.hpp"
#include "setup/distribution.hpp"
#include "system/root.hpp"

#include <string>

namespace kvmkit::setup {

/// The host's architecture in the words of RPM, pacman and apk: "x86_64". Told by its dynamic loader; empty: not known.
std::string architecture_of(const Root& root);

/// What to type where this version does nothing: "dnf install qemu-kvm libvirt".
std::string by_hand(const Distribution& distribution, const Needs& needs);

/// Whether this version drives the host's package manager. ErrorCode::refused says what to do by hand.
Result<void> check_installer(const Root& root, const Distribution& distribution, const PackageCatalogue& catalogue);

/// Whether apply works on this release, or plan alone does. ErrorCode::refused otherwise.
Result<void> check_tier(const Distribution& distribution);

}  // namespace kvmkit::setup
