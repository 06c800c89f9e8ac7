// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/persist/keeping.hpp"

#include <string>
#include <vector>

namespace kvmkit::net {

/// Whether files of a change that an earlier boot made are still written: then the next boot has it. Where this boot
/// has come up with the old network, only whoever asks for it wants that.
enum class EarlierBoots { finish, give_up };

/// Ends what killed runs left: half-written files are undone, and those of a change that was confirmed are written.
/// Sentences about what was found. Call it under the tool's lock.
Result<std::vector<std::string>> resume(const PersistHost& host, const PersistRun& run, EarlierBoots earlier);

/// What resume() would find. Changes nothing, takes no lock.
Result<std::vector<std::string>> unfinished(const txn::Places& places);

}  // namespace kvmkit::net
