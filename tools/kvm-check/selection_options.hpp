// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/selection.hpp"
#include "cli/tool.hpp"

namespace kvmkit::kvm_check {

/// Adds --only, --skip, --require, --strict and --for.
void declare_selection(cli::po::options_description_easy_init add);

/// Reads them. ErrorCode::usage: an unknown check or purpose, or a selection that contradicts itself.
Result<Selection> read_selection(const cli::Arguments& arguments);

}  // namespace kvmkit::kvm_check
