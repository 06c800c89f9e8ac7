// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/package_manager.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"
#include "txn/execute.hpp"
#include "txn/places.hpp"
#include "txn/store.hpp"

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// Who takes back, and where it is written down.
struct UndoRequest {
    std::string command_line;  ///< For the locks.
    txn::Places places;
    std::filesystem::path top = "/";  ///< The host's root directory; tests give a folder.
    PackageLimits limits = {};
    std::function<void(const std::string&)> note = {};  ///< Told who is waited for; may be empty.
    bool image = false;                                 ///< The root is an image that was entered.
    bool packages = false;                              ///< Of take_back(): what apt brought is to go, too.
};

/// The transactions of host-setup, oldest first; the last 50 that ended are kept.
Result<txn::Inventory> transactions(const txn::Places& places);

/// One of them. not_found: there is none of that id.
Result<txn::Record> transaction(const txn::Places& places, const std::string& id);

/// What was taken back.
struct TakenBack {
    std::string id;
    std::vector<std::string> notes;                           ///< What stays, and why.
    std::optional<std::vector<PlannedPackage>> removed = {};  ///< Absent: nobody asked for packages.
};

/// Takes back a transaction that ended well; without an id the last one that stands. ErrorCode::refused: it does not
/// stand, a newer one was made on top of it, a file was edited since, or VMs run and it concerns what they run on;
/// damaged: what is left. What apt brought stays unless the request asks for it: then one that was taken back without
/// it can be named, too, and one whose taking back was broken off counts as one that stands. Root.
Result<TakenBack> take_back(Runner& runner, const UndoRequest& request, const std::string& id);

/// Undoes what killed runs left, and tries again what could not be undone; with an id that one alone.
/// ErrorCode::refused: nothing of that one is left to undo, or it waits for an answer. Root.
Result<txn::Cleanup> resume(Runner& runner, const UndoRequest& request, const std::string& id = {});

/// The VMs of a host, by their processes: "pid 812 (qemu-system-x86)".
std::vector<std::string> running_vms(const Root& root);

}  // namespace kvmkit::setup
