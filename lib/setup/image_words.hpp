// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kvmkit::setup {

/// A text that was written inside of an image, as it is to be read outside: its commands of host-setup get
/// "--root DIR", as those of systemctl do, those of dpkg and apt-get "chroot DIR". A text that speaks of the host that
/// the image becomes stays.
std::string seen_from_outside(const std::string& text, const std::string& directory);

}  // namespace kvmkit::setup
