// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace kvmkit::virt {

/// A fresh random UUID (version 4), the one mark by which a VM of ours is found and removed.
std::string new_uuid();

/// A locally administered MAC address in QEMU's range that belongs to the UUID: "52:54:00:..".
std::string mac_address_of(std::string_view uuid);

}  // namespace kvmkit::virt
