// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"
#include "check/recommendation.hpp"
#include "check/summary.hpp"
#include "facts/host_facts.hpp"

#include <string>
#include <vector>

namespace kvmkit {

/// All that kvm-check says about a host: plain data, ready to be rendered.
struct Report {
    std::string arch;  ///< Empty: not known; so for the next ones.
    std::string vendor;
    std::string model;
    VirtFlag flag = VirtFlag::none;
    bool cpu_known = false;
    Summary summary;
    Recommendation recommendation;
    std::vector<Finding> findings;
};

/// Judges the host by the whole catalogue.
Report make_report(const HostFacts& host);

}  // namespace kvmkit
