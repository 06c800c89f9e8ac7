// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "format_options.hpp"
#include "report/report.hpp"

#include <functional>
#include <string>

namespace kvmkit::kvm_check {

/// One look at this host.
struct Looked {
    HostFacts host;
    Report report;
};

using Look = std::function<Result<Looked>()>;

/// Adds --fix, --yes and --dry-run.
void declare_fix(cli::po::options_description_easy_init add);

/// ErrorCode::usage: --fix is asked for with something that it cannot go with, or --yes without it.
Result<void> check_fix_options(const cli::Arguments& arguments, Format format);

/// Looks, shows what would mend what was found, asks, mends it in one transaction and looks again, until nothing is
/// left that this host can mend. A check that a mend does not make pass undoes all. Prints the last look. Root.
Result<cli::ExitCode> fix(const Look& look, const cli::Arguments& arguments, Format format, cli::Console& console);

/// The line that points to --fix where it has a step for something that was found; else empty.
std::string fix_hint(const Looked& looked);

}  // namespace kvmkit::kvm_check
