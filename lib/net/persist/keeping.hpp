// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/persist/persist.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::net {

/// What is to be kept of a change, and by whom.
struct KeepWish {
    std::vector<LinkName> links = {};  ///< That are there once the change is made.
    std::vector<LinkName> gone = {};   ///< That are not: what was written for them is taken back.
    std::optional<Manager> manager = {};
};

/// The files of a change, as they lie beside its journal from the moment that it is verified: whoever ends the change
/// writes them, and needs neither the network nor the process that made it.
struct Keeping {
    Manager manager = Manager::none;
    std::vector<std::string> links = {};
    std::vector<RestoreFile> files = {};  ///< `old`: what lies there now; `ours`: what is to.
    std::vector<std::string> doubts = {};
    std::vector<std::string> warnings = {};
    std::vector<std::string> commands = {};
    bool ended = false;            ///< They were written, or could not be.
    std::string transaction = {};  ///< Of the files; empty: there was nothing to write.
    std::string failure = {};      ///< Why they could not be written; nothing is then.
    bool stalled = false;          ///< They are, but the manager was told and does not follow before the next boot.

    [[nodiscard]] bool reboot_safe() const { return ended && failure.empty() && doubts.empty(); }
};

/// Finds out. Changes nothing. Errors as of plan_persistence(), and ErrorCode::refused where somebody changed a file
/// that is to be taken back.
Result<Keeping> plan_keeping(const Network& network,
                             const KeepWish& wish,
                             const PersistHost& host,
                             const txn::Places& places);

/// Whether the folders of the files can be written to.
Result<void> check_writable(const Keeping& keeping, const PersistHost& host);

/// Puts it beside a journal, and takes it up from there; absent: nothing of the change is to be kept.
Result<void> lay_down(const Keeping& keeping, const std::filesystem::path& record);
Result<std::optional<Keeping>> laid_down(const std::filesystem::path& record);

/// Writes the files unless somebody changed one of them since. What came of it is in the answer, and beside the
/// journal.
Keeping fulfil(Keeping keeping, const std::filesystem::path& record, const PersistHost& host, const PersistRun& run);

}  // namespace kvmkit::net
