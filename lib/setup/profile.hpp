// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/plan.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// Components that belong together, under one word.
struct Profile {
    std::string_view name;
    std::string_view title;
    Components components;
    bool tutorial = false;  ///< Said to do what an old instruction did: what is done otherwise is told.
};

/// minimal, server, workstation, tutorial.
const std::vector<Profile>& profiles();

/// ErrorCode::usage names what there is.
Result<Profile> parse_profile(std::string_view name);

/// The packages of these components.
Bundles bundles_of(const Components& components);

/// What a host is to be looked at for; that of a KVM host where no component has packages.
Wanted wanted_of(const Components& components, bool tutorial, std::string catalogue);

}  // namespace kvmkit::setup
