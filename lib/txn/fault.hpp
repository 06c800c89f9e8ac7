// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>

namespace kvmkit::txn {

/// Where in a step a test may strike.
enum class Moment { before, after, undo };

#ifdef KVMKIT_FAULT_HOOKS
/// Test builds only: obeys KVMKIT_FAULT, written ACTION:MOMENT:STEP with ACTION fail, kill or stop (SIGINT to itself),
/// MOMENT before, after or undo, and STEP counted from 0. Shipped binaries hold none of this.
Result<void> fault_point(Moment moment, std::size_t step);
#else
inline Result<void> fault_point(Moment /*moment*/, std::size_t /*step*/)
{
    return {};
}
#endif

}  // namespace kvmkit::txn
