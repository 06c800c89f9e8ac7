// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/host.hpp"
#include "setup/step.hpp"

#include <string>
#include <vector>

namespace kvmkit::setup {

/// How libvirt is had to run, now and at boot; of an image, at boot.
struct ServicePlan {
    std::vector<Step> steps;
    std::vector<std::string> notes;
};

/// Pure. `comes`: the plan's packages bring libvirt before these steps are made. ErrorCode::refused: the administrator
/// masked it.
Result<ServicePlan> plan_services(const Host& host, bool comes);

}  // namespace kvmkit::setup
