// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/planner/plan.hpp"

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace kvmkit::net {

// NetworkManager's own way back, for where neither a run nor its watchdog lives any more to go ours. It acts later than
// these would, loses packets, and leaves an empty bridge behind. Which checkpoint it is lies beside the journal.

/// Has it take one before a plan is made that begins with having it leave links alone; nothing where the plan does not.
/// Error: it takes none, because another program's stands, say, and the change has our way back alone.
Result<void> take_checkpoint(const Plan& plan, const std::filesystem::path& record, std::chrono::milliseconds timeout);

/// The change waits for so long from now on. Error: the checkpoint stands as it stood, or NetworkManager has gone its
/// way back already. Blocks up to ten seconds where it does not answer.
Result<void> put_off_checkpoint(const std::filesystem::path& record, std::chrono::milliseconds left);

/// The change is to stay. Error: it cannot, for NetworkManager still has the checkpoint and would take the change back
/// some day, or has done so. Blocks up to half a minute where it does not answer.
Result<void> drop_checkpoint(const std::filesystem::path& record);

/// The change was undone but for what is `left`: then NetworkManager goes its own way back at once, and else never.
/// Where it does not answer within ten seconds, it goes it later, to what is there by then.
void end_checkpoint(const std::filesystem::path& record, const std::vector<std::string>& left);

}  // namespace kvmkit::net
