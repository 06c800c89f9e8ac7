// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "net/change.hpp"
#include "net/proof/proof.hpp"
#include "system/signals.hpp"

#include <chrono>
#include <string>
#include <vector>

namespace kvmkit::net_setup {

/// Who decides whether a change stays: the operator, packets that come back, or nobody.
enum class Confirm { ask, automatic, none };

/// --confirm, --timeout and --probe.
struct TrialOptions {
    Confirm confirm = Confirm::none;
    std::chrono::milliseconds timeout = std::chrono::seconds{90};
    std::vector<net::Proof> probes = {};
};

/// Adds the three options.
void declare_trial(cli::po::options_description_easy_init& add);

/// `without` holds where --confirm is not given.
Result<TrialOptions> read_trial(const cli::Arguments& arguments, Confirm without);

/// The operator at a terminal is asked; where nobody is there, packets decide.
Confirm for_uplinks(const cli::Arguments& arguments);

/// What carry_out() is to do about it. Asks the proofs that are to hold afterwards now, before the change: one that
/// does not hold now proves nothing then. ErrorCode::refused: a probe of the operator's does not answer. All arguments
/// must outlive the trial.
Result<net::Trial> make_trial(const TrialOptions& options, const SignalWatch& signals, const cli::Console& console);

}  // namespace kvmkit::net_setup
