// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/apply.hpp"

#include <vector>

namespace kvmkit::setup {

/// What root's login would take, before anything else is touched: what stands in its way is told now. Empty where it
/// was not asked for. Root.
Result<std::vector<Step>> foresee_root_login(Runner& runner, const Request& request);

/// Makes it, last of all: whoever is let in finds a host that is done. On trial, under locks that are held already. A
/// failure says what stays of the rest. Root.
Result<Done> let_root_in(Runner& runner, const Request& request, const Talk& talk, Done done);

}  // namespace kvmkit::setup
