// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "net/planner/hazards.hpp"
#include "net/planner/plan.hpp"
#include "system/root.hpp"

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace kvmkit::net_setup {

/// Adds --allow and --root.
void declare_surroundings(cli::po::options_description_easy_init& add);

/// The time of --listen; absent: nobody asked to listen.
Result<std::optional<std::chrono::seconds>> listening_time(const cli::Arguments& arguments);

/// SSH_CONNECTION of this process or, where sudo took it away, of one of its parents; empty: none.
std::string ssh_connection();

/// What refuses plans that the kernel would carry out. What there is around is read when the first plan is looked at
/// that changes something: of thousands of links that takes longer than finding that nothing is to be done.
class Caution {
public:
    Caution(Root root, std::set<std::string> allowed, std::optional<std::chrono::seconds> listen)
        : root_(std::move(root)), allowed_(std::move(allowed)), listen_(listen)
    {
    }

    /// What speaks against a plan; absent: nothing. Where it was asked for, listens on the first plan's cards.
    [[nodiscard]] std::optional<net::Hazard> operator()(const net::Network& network, const net::Plan& plan) const;

    [[nodiscard]] const net::HazardFacts& around() const;

    /// Who is told where nothing can be heard.
    void warn_by(std::function<void(const std::string&)> warn) { warn_ = std::move(warn); }
    /// A descriptor that is readable once the listening is to end.
    void stop_at(int descriptor) { stop_ = descriptor; }

private:
    Result<void> hear(const net::Network& network, const net::Plan& plan) const;
    [[nodiscard]] std::vector<int> hearing(const std::vector<const net::Link*>& cards) const;

    Root root_;
    std::set<std::string> allowed_;
    mutable std::optional<std::chrono::seconds> listen_;  ///< Absent: not asked for, or done.
    mutable std::optional<net::HazardFacts> around_ = {};
    std::function<void(const std::string&)> warn_ = {};
    int stop_ = -1;
};

/// Reads the options.
Result<Caution> read_caution(const cli::Arguments& arguments);

}  // namespace kvmkit::net_setup
