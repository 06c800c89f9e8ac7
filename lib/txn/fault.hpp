// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <cstddef>
#include <string_view>

namespace kvmkit::txn {

/// Where a test may strike: before or after a step, before one is undone, or before a request of those that a domain
/// sends together.
enum class Moment { before, after, undo, request };

#ifdef KVMKIT_FAULT_HOOKS
/// Test builds only: obeys KVMKIT_FAULT, written ACTION:MOMENT:STEP with ACTION fail, kill, stop (SIGINT to itself) or
/// hold (SIGSTOP to itself), MOMENT before, after, undo or request, and STEP counted from 0. Shipped binaries hold none
/// of this.
Result<void> fault_point(Moment moment, std::size_t step);

/// The same for the moment at which a journal's new state is on the disk, written ACTION:state:WORD.
Result<void> fault_point(std::string_view state);

/// Whether a fault_point() of that moment, and of that step, will strike.
bool fault_armed(Moment moment);
bool fault_armed(Moment moment, std::size_t step);
#else
inline Result<void> fault_point(Moment /*moment*/, std::size_t /*step*/)
{
    return {};
}
inline Result<void> fault_point(std::string_view /*state*/)
{
    return {};
}
inline bool fault_armed(Moment /*moment*/)
{
    return false;
}
inline bool fault_armed(Moment /*moment*/, std::size_t /*step*/)
{
    return false;
}
#endif

}  // namespace kvmkit::txn
