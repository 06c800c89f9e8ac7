// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/documentation.hpp"

namespace kvmkit {

/// The rows of the last checks of the catalogue: what QEMU, libvirt and OpenStack ask of a host.
std::span<const CheckDocumentation> software_documentation();

}  // namespace kvmkit
