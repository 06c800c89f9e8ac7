// SPDX-License-Identifier: Apache-2.0
#include "net/persist/keeping.hpp"

#include "net/nm/uptake.hpp"
#include "net/persist/returns.hpp"
#include "system/files.hpp"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

constexpr std::string_view keyfile_folder = "etc/NetworkManager/system-connections/";

bool speaks_of(const std::vector<RestoreFile>& files, const std::string& path)
{
    return std::ranges::find(files, path, &RestoreFile::path) != files.end();
}

/// What lies there now must be known: it must still lie there when the change is confirmed.
Result<void> add_files(Persistence persistence, const PersistHost& host, Keeping& keeping)
{
    for (const KeptFile& file : persistence.files) {
        if (std::ranges::find(persistence.changes, file.path, &FileChange::path) == persistence.changes.end()) {
            persistence.changes.push_back({file.path, FileImage{file.bytes, file.mode, file.is_link}});
        }
    }
    for (FileChange& change : persistence.changes) {
        auto now = image_of(host.top / change.path);
        if (!now) {
            return std::move(now).error();
        }
        std::erase_if(keeping.files, [&change](const RestoreFile& file) { return file.path == change.path; });
        keeping.files.push_back({change.path, std::move(*now), std::move(change.image)});
    }
    return {};
}

void append(std::vector<std::string>& to, std::vector<std::string> from)
{
    std::ranges::move(from, std::back_inserter(to));
}

Result<void> add_return(const KeepWish& wish, const PersistHost& host, const txn::Places& places, Keeping& keeping)
{
    std::vector<std::string> names;
    names.reserve(wish.gone.size());
    for (const LinkName& name : wish.gone) {
        names.push_back(name.str());
    }
    auto back = plan_return(names, host, places);
    if (!back) {
        return std::move(back).error();
    }
    for (RestoreFile& file : back->files) {
        if (!speaks_of(keeping.files, file.path)) {
            keeping.files.push_back(std::move(file));
        }
    }
    append(keeping.doubts, std::move(back->doubts));
    append(keeping.links, std::move(names));
    return {};
}

Result<void> check_unchanged(const Keeping& keeping, const PersistHost& host)
{
    for (const RestoreFile& file : keeping.files) {
        const auto now = image_of(host.top / file.path);
        if (!now) {
            return now.error();
        }
        if (*now != file.old && *now != file.ours) {
            return Error{ErrorCode::external,
                         fmt::format("cannot keep '/{}': somebody changed it since the change was made", file.path),
                         "net-setup persist writes it anew"};
        }
    }
    return {};
}

/// Those that are not as they are to be.
std::vector<FileChange> to_write(const Keeping& keeping, const PersistHost& host)
{
    std::vector<FileChange> changes;
    for (const RestoreFile& file : keeping.files) {
        const auto now = image_of(host.top / file.path);
        if (!now || *now != file.ours) {
            changes.push_back({file.path, file.ours});
        }
    }
    return changes;
}

/// What is left to be told takes the place of what was to be told.
void tell(Keeping& keeping, const PersistHost& host)
{
    std::vector<std::string> keyfiles;
    bool concerned = false;
    for (const RestoreFile& file : keeping.files) {
        const bool keyfile = file.path.starts_with(keyfile_folder);
        concerned = concerned || keyfile;
        if (keyfile && file.ours && keeping.manager == Manager::network_manager) {
            keyfiles.push_back(file.ours->bytes);
        }
    }
    auto told = concerned && host.top == "/" ? take_up(keyfiles) : std::nullopt;
    if (told) {
        append(keeping.warnings, std::move(told->warnings));
        keeping.commands = std::move(told->commands);
        keeping.stalled = told->failed;
    }
}

}  // namespace

Result<Keeping> plan_keeping(const Network& network,
                             const KeepWish& wish,
                             const PersistHost& host,
                             const txn::Places& places)
{
    Keeping keeping;
    if (!wish.links.empty()) {
        auto persistence = plan_persistence(network, {wish.links, wish.manager}, host);
        if (!persistence) {
            return std::move(persistence).error();
        }
        keeping.manager = persistence->manager;
        for (const KeptLink& link : persistence->profile.links) {
            keeping.links.push_back(link.name.str());
        }
        keeping.doubts = std::move(persistence->doubts);
        keeping.warnings = std::move(persistence->warnings);
        keeping.commands = std::move(persistence->commands);
        if (auto added = add_files(std::move(*persistence), host, keeping); !added) {
            return std::move(added).error();
        }
    }
    if (auto added = add_return(wish, host, places, keeping); !added) {
        return std::move(added).error();
    }
    return keeping;
}

Result<void> check_writable(const Keeping& keeping, const PersistHost& host)
{
    for (const RestoreFile& file : keeping.files) {
        auto folder = std::filesystem::path{file.path}.parent_path();
        std::error_code problem;
        while (!folder.empty() && !std::filesystem::exists(host.top / folder, problem)) {
            folder = folder.parent_path();
        }
        if (file.old != file.ours && ::access((host.top / folder).c_str(), W_OK) != 0) {
            return errno_error(errno, fmt::format("cannot write '/{}'", file.path));
        }
    }
    return {};
}

Keeping fulfil(Keeping keeping, const std::filesystem::path& record, const PersistHost& host, const PersistRun& run)
{
    Result<std::string> written = std::string{};
    const auto cleaned = recover_files(run.places, host);
    if (auto unchanged = cleaned ? check_unchanged(keeping, host) : cleaned.error(); !unchanged) {
        written = std::move(unchanged).error();
    } else {
        written = write_files(to_write(keeping, host), host, run);
    }
    keeping.ended = true;
    if (written) {
        keeping.transaction = std::move(*written);
        tell(keeping, host);
    } else {
        keeping.failure = written.error().message;
    }
    (void)lay_down(keeping, record);
    return keeping;
}

}  // namespace kvmkit::net
