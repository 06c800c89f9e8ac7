// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "txn/journal.hpp"
#include "txn/places.hpp"

#include <functional>
#include <string>
#include <vector>

namespace kvmkit::txn {

/// What one tool's folder of transactions holds.
struct Inventory {
    std::vector<Record> records;       ///< Oldest first.
    std::vector<std::string> damaged;  ///< Sentences about folders that cannot be read.
};

/// Reads all transactions of a tool; none if it never made one. Folders whose journal never began are passed over.
Result<Inventory> read_all_records(const Places& places, const std::string& tool);

/// The same of those alone that are in one state: of the others, the end of their journals is read.
Result<Inventory> read_records_in(const Places& places, const std::string& tool, State state);

/// What a recovery looks at: all transactions, or, where the ends of their journals tell that none is open, none.
Result<Inventory> read_all_if_open(const Places& places, const std::string& tool);

/// The open ones whose owner is dead: killed, crashed, or ended by a reboot. The newest first, as they are undone.
std::vector<Record> orphans(const Inventory& inventory);

/// The newest transaction that stands and is newer than this one, of those that count; all do if that is empty. What
/// this one left undone may by now be a part of what that one asked for. Null: none.
const Record* built_upon(const Inventory& inventory,
                         const Record& record,
                         const std::function<bool(const Record&)>& counts = {});

/// What is told of one whose rest is not undone because of that.
std::string staying_sentence(const Record& record, const Record& above);

/// Deletes final transactions beyond the newest `keep`. Open ones stay, however old.
Result<void> prune(const Places& places, const std::string& tool, std::size_t keep = 50);

}  // namespace kvmkit::txn
