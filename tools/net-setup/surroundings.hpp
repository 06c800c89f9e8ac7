// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "net/planner/hazards.hpp"
#include "net/planner/plan.hpp"
#include "system/root.hpp"

#include <optional>
#include <set>
#include <string>
#include <utility>

namespace kvmkit::net_setup {

/// Adds --allow and --root.
void declare_surroundings(cli::po::options_description_easy_init& add);

/// SSH_CONNECTION of this process or, where sudo took it away, of one of its parents; empty: none.
std::string ssh_connection();

/// What refuses plans that the kernel would carry out. What there is around is read when the first plan is looked at
/// that changes something: of thousands of links that takes longer than finding that nothing is to be done.
class Caution {
public:
    Caution(Root root, std::set<std::string> allowed) : root_(std::move(root)), allowed_(std::move(allowed)) {}

    /// The plan, or why it is not to be made.
    [[nodiscard]] std::optional<net::Hazard> operator()(const net::Network& network, const net::Plan& plan) const
    {
        return plan.empty() ? std::nullopt : net::hazard_of(network, plan, around(), allowed_);
    }

    [[nodiscard]] const net::HazardFacts& around() const;

private:
    Root root_;
    std::set<std::string> allowed_;
    mutable std::optional<net::HazardFacts> around_ = {};
};

/// Reads the options.
Result<Caution> read_caution(const cli::Arguments& arguments);

}  // namespace kvmkit::net_setup
