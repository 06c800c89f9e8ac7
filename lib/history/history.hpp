// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/completion/word_source.hpp"
#include "cli/console.hpp"
#include "cli/json.hpp"
#include "txn/store.hpp"

#include <string>

namespace kvmkit::history {

/// One transaction as records carry it: id, started, state, command, steps.
cli::Json record_of(const txn::Record& record);

/// A tool's transactions for a shell to offer, the newest first.
cli::Candidates candidates(const txn::Inventory& inventory);

/// Prints a tool's transactions, oldest first: a line for each, or its record "kvmkit.TOOL.history/1".
void print_history(const cli::Console& console, const txn::Inventory& inventory, const std::string& tool, bool json);

/// Prints one with its steps, or its record "kvmkit.TOOL.show/1".
void print_transaction(const cli::Console& console, const txn::Record& record, bool json);

}  // namespace kvmkit::history
