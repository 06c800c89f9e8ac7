// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

namespace kvmkit::setup {

/// The bytes of share/packages.json: host-setup runs where nothing of kvmkit is installed.
extern const std::string_view builtin_packages;

}  // namespace kvmkit::setup
