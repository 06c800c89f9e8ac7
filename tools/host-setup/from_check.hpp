// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "components.hpp"

namespace kvmkit::host_setup {

/// --from, of plan and apply.
void declare_from(cli::po::options_description_easy_init& add);

/// What a command line asks for: components, a profile, or by --from what kvm-check found. ErrorCode::usage: two of
/// them, or no record of kvm-check's; refused: a record of another host or boot.
Result<Chosen> chosen_of(const cli::Arguments& arguments);

}  // namespace kvmkit::host_setup
