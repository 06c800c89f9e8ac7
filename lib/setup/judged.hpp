// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/apply.hpp"

#include <string>
#include <vector>

namespace kvmkit::setup {

/// A host as it was found, and what it lacks of what was asked for.
struct Judged {
    Host host;
    Plan plan;
    MirrorPlan mirror = {};
};

/// What a mirror must be able to serve: what is to be installed from it, or else what it serves by now.
std::vector<std::string> packages_to_prove(const Judged& now);

/// Whether what an interrupted dpkg began is to be finished first.
bool is_to_be_repaired(const Request& request, const Judged& now);

/// All that is to be done, in order, but for root's login.
std::vector<Step> steps_of(const Request& request, const Judged& now);

/// All that is to be told with the answer.
std::vector<std::string> notes_of(const Request& request, const Judged& now);

}  // namespace kvmkit::setup
