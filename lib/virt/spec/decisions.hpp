// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/spec/domain_xml.hpp"

#include <string>
#include <vector>

namespace kvmkit::virt {

/// One choice in the description of a VM, and why it was made.
struct Decision {
    std::string what;    ///< "cpu", "network card 1"
    std::string choice;  ///< As the description has it: "host-passthrough".
    std::string why;
    std::string evidence = {};  ///< What was seen on this host; empty: the choice rests on none.
};

/// What the host was seen to be, for the decisions that rest on it.
struct DecisionFacts {
    std::string accelerator = {};  ///< Why KVM or TCG: the measurement.
    std::string cpu = {};          ///< kvm-check's recommendation: "host,-arch-capabilities".
    bool vhost = false;            ///< /dev/vhost-net is there.
    std::string network = {};      ///< Where nobody named networks: why this one.
};

/// Every choice of a plan, in the order of the description. Pure.
std::vector<Decision> decisions_of(const DomainPlan& plan, const DecisionFacts& facts);

}  // namespace kvmkit::virt
