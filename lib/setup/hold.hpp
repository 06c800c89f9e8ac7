// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/root.hpp"

#include <filesystem>

namespace kvmkit::setup {

/// What is kept from starting: libvirt, or in an image, in which nothing is to run, all.
enum class Hold { libvirt, all_services };

/// Has Debian's packages leave libvirt stopped when they are installed, by usr/sbin/policy-rc.d below `top`; one that
/// is there is put aside and, where libvirt alone is held, goes on deciding about all else. What libvirt's network
/// default needs must lie there before libvirt's first start. Root.
Result<void> hold_libvirt(const std::filesystem::path& top, Hold hold = Hold::libvirt);

/// Takes that back, to the old file with all that it was. Harmless where nothing is held.
Result<void> release_libvirt(const std::filesystem::path& top);

/// Whether it is held now, as by a run that was killed.
bool libvirt_is_held(const Root& root);

/// The administrator's own policy-rc.d, below the host's root, whether it is put aside or not; it need not be there.
const char* policy_of_administrator(const Root& root);

}  // namespace kvmkit::setup
