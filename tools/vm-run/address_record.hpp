// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/json.hpp"
#include "virt/address/search.hpp"

#include <optional>
#include <string>

namespace kvmkit::vm_run {

/// How records tell where a VM answers; null where it does not yet.
cli::Json address_record(const std::optional<virt::Address>& address);

}  // namespace kvmkit::vm_run
