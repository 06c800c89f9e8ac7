// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/apt_locks.hpp"
#include "txn/journal.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// Tells who is waited for, as a sentence.
LockWatch watch_for(Installer installer,
                    std::function<void(const std::string&)> note,
                    std::function<bool()> interrupted = {});

/// Whether undoing it runs the package manager, or lets libvirt start again that an installation was to keep off; or a
/// package manager that it began, and whose end it did not see, may still be at work.
bool concerns_packages(const txn::Record& record);

/// How long, and who is told.
struct UndoWait {
    std::filesystem::path top = "/";
    std::chrono::seconds limit{600};
    std::function<void(const std::string&)> note = {};
    std::function<bool()> interrupted = {};
};

/// Waits for a package manager at work before such records are undone: that which a killed run began may go on without
/// it. At once where none of them concerns packages. ErrorCode::timeout names the holder. Root.
Result<void> wait_to_undo(const std::vector<txn::Record>& records, const UndoWait& wait);

/// The same where one will have work in any case.
Result<void> wait_for_manager(const UndoWait& wait);

}  // namespace kvmkit::setup
