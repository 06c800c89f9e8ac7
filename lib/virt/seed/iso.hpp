// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/seed/documents.hpp"

#include <string>
#include <vector>

namespace kvmkit::virt {

/// The files as an ISO 9660 image labelled cidata, with Joliet and Rock Ridge names. While it is made its content lies
/// in a temporary file without a name.
Result<std::string> make_seed_iso(const std::vector<SeedFile>& files);

}  // namespace kvmkit::virt
