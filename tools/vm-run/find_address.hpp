// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "connect.hpp"
#include "virt/address/search.hpp"

#include <chrono>
#include <functional>

namespace kvmkit::vm_run {

/// Where a running VM answers: ErrorCode::timeout tells what was seen of it in that time, and `interrupted` may be
/// empty.
Result<virt::Address> address_of(const Host& host,
                                 virt::Domain domain,
                                 std::chrono::milliseconds patience,
                                 const std::function<bool()>& interrupted = {});

}  // namespace kvmkit::vm_run
