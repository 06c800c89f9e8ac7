// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "net/planner/hazards.hpp"
#include "net/planner/plan.hpp"

#include <functional>
#include <set>
#include <string>

namespace kvmkit::net_setup {

/// Adds --allow and --root.
void declare_surroundings(cli::po::options_description_easy_init& add);

/// SSH_CONNECTION of this process or, where sudo took it away, of one of its parents; empty: none.
std::string ssh_connection();

/// What refuses plans that the kernel would carry out.
struct Caution {
    net::HazardFacts around = {};
    std::set<std::string> allowed = {};

    /// The plan, or why it is not to be made.
    [[nodiscard]] std::optional<net::Hazard> operator()(const net::Network& network, const net::Plan& plan) const
    {
        return net::hazard_of(network, plan, around, allowed);
    }
};

/// Reads the options, and what there is below the root.
Result<Caution> read_caution(const cli::Arguments& arguments);

}  // namespace kvmkit::net_setup
