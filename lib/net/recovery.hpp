// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/domain.hpp"
#include "txn/places.hpp"

#include <string>
#include <vector>

namespace kvmkit::net {

/// What became of the transactions that killed runs left open.
struct Recovery {
    std::vector<std::string> undone;     ///< Ids, undone now.
    std::vector<std::string> elsewhere;  ///< Sentences about those of other network namespaces, left as they are.
    std::vector<std::string> failed;     ///< Sentences about what could not be undone or read.
};

/// Undoes those of dead owners that belong to the domain's network namespace. One on top of which a newer change was
/// made there stays, and is one of the failed: what it left may be a part of what that one asked for. Those of an
/// earlier boot, or of a namespace that is gone, have nothing left to undo and are closed. Call it under the tool's
/// lock.
Result<Recovery> undo_orphans(const txn::Places& places, const std::string& tool, LinkDomain& domain);

/// All that is to be told.
std::vector<std::string> sentences(const Recovery& recovery);

/// Sentences about those that undo_orphans() would undo, wherever they were made. Changes nothing, takes no lock: a run
/// that is at work is none of them, nor is one whose watchdog is.
Result<std::vector<std::string>> half_made(const txn::Places& places, const std::string& tool);

}  // namespace kvmkit::net
