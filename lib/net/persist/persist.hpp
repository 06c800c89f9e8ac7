// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/owner/dhcp_clients.hpp"
#include "net/persist/file_step.hpp"
#include "net/persist/writers.hpp"
#include "system/root.hpp"
#include "txn/execute.hpp"
#include "txn/places.hpp"

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::net {

/// The links to keep, and by whom; absent: by whoever owns the cards below them, or by a unit of our own.
struct PersistWish {
    std::vector<LinkName> links;
    std::optional<Manager> manager = {};
};

/// The host whose files are read and written.
struct PersistHost {
    std::filesystem::path top = "/";
    DhcpPlaces dhcp = {};
    std::string program = "/usr/sbin/net-setup";  ///< What our own unit runs.
};

/// One file that is to change.
struct FileChange {
    std::string path;
    std::optional<FileImage> image = {};  ///< Absent: it is to go.
};

/// What keeping the links takes, and what it is worth.
struct Persistence {
    Manager manager = Manager::none;
    Profile profile = {};
    std::vector<FileChange> changes = {};    ///< Empty: all is there already.
    KeptFiles files = {};                    ///< All of the profile's, changed or not.
    std::vector<std::string> doubts = {};    ///< Why it may not come back; empty: it will.
    std::vector<std::string> warnings = {};  ///< Beside that: cloud-init.
    std::vector<std::string> commands = {};  ///< The softest words by which the manager takes notice now.
    bool stalled = false;                    ///< It was told, and does not follow before the next boot.

    [[nodiscard]] bool reboot_safe() const { return doubts.empty(); }
};

/// Finds out. Changes nothing. ErrorCode::not_found, refused (owners disagree), unsupported (no words for it).
Result<Persistence> plan_persistence(const Network& network, const PersistWish& wish, const PersistHost& host);

/// How the files are changed.
struct PersistRun {
    txn::Places places;
    std::string command_line;
    txn::Watch watch = {};
    std::function<void(const std::string&)> warn = {};  ///< Told what killed runs had left; may be empty.
};

/// Writes files in one transaction: all staged, then renamed in order, then read back byte for byte; a failure undoes
/// all. The id is for take_back(); empty: there was nothing to change. Call it under the tool's lock, after
/// recover_files().
Result<std::string> write_files(const std::vector<FileChange>& changes, const PersistHost& host, const PersistRun& run);

/// The same for links to keep; what is read back must say of the links what it is to say, too.
Result<std::string> persist(const Persistence& persistence, const PersistHost& host, const PersistRun& run);

/// What was kept, and how sure it is.
struct Kept {
    Persistence persistence;
    std::string transaction;  ///< For take_back(); empty: nothing was to be changed.
};

/// All of it: undoes what killed runs left, finds out, writes. To be called once a change is confirmed, with the
/// network as it is then, under the tool's lock.
Result<Kept> keep_links(const Network& network,
                        const PersistWish& wish,
                        const PersistHost& host,
                        const PersistRun& run);

/// The tool of these transactions. Not that of the links' own: those are undone by other steps, and only in their boot.
inline constexpr const char* files_tool = "net-setup-files";

/// Undoes a persist() that was made: the old bytes and modes come back. Sentences about what could not be undone.
Result<std::vector<std::string>> take_back(const txn::Places& places, const std::string& id, const PersistHost& host);

/// Undoes what killed runs left half done.
Result<txn::Cleanup> recover_files(const txn::Places& places, const PersistHost& host);

}  // namespace kvmkit::net
