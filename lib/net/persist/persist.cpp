// SPDX-License-Identifier: Apache-2.0
#include "net/persist/persist.hpp"

#include "net/nm/uptake.hpp"
#include "net/persist/read_back.hpp"
#include "txn/store.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

std::string folder_of(const std::string& path)
{
    return path.substr(0, path.rfind('/'));
}

/// Hidden, and without an ending that a manager reads.
std::string staged_name(const std::string& path, const std::string& id)
{
    return fmt::format("{}/.{}.kvmkit-net-setup.{}.tmp", folder_of(path), path.substr(path.rfind('/') + 1), id);
}

/// The folders that are not there yet, the outer ones first.
std::set<std::string> missing_folders(const std::vector<FileChange>& changes, const std::filesystem::path& top)
{
    std::set<std::string> missing;
    for (const FileChange& change : changes) {
        std::error_code problem;
        for (auto folder = std::filesystem::path{change.path}.parent_path();
             change.image && !folder.empty() && !std::filesystem::exists(top / folder, problem);
             folder = folder.parent_path()) {
            missing.insert(folder.string());
        }
    }
    return missing;
}

/// The folders that earlier transactions made.
std::set<std::string> made_before(const txn::Places& places)
{
    std::set<std::string> made;
    const auto inventory = txn::read_all_records(places, files_tool);
    if (!inventory) {
        return made;
    }
    for (const txn::Record& record : inventory->records) {
        for (const txn::StepRecord& step : record.steps) {
            const auto undo = step.undo.empty() ? Result<FileStep>{Error{}} : FileDomain::decode(step.undo);
            if (const auto* folder = undo ? std::get_if<RemoveFolder>(&*undo) : nullptr) {
                made.insert(folder->path);
            }
        }
    }
    return made;
}

/// Those of our own making that may be empty once files are gone, the outer ones first.
std::set<std::string> folders_left(const std::vector<FileChange>& changes, const txn::Places& places)
{
    std::set<std::string> left;
    const bool removes = std::ranges::any_of(changes, [](const FileChange& change) { return !change.image; });
    const auto ours = removes ? made_before(places) : left;
    for (const FileChange& change : changes) {
        for (auto folder = folder_of(change.path); !change.image && ours.contains(folder); folder = folder_of(folder)) {
            left.insert(folder);
        }
    }
    return left;
}

/// Nothing gets its name before everything lies on the disk: a full one changes nothing.
std::vector<FileStep> steps_for(const std::vector<FileChange>& changes, const PersistHost& host, const std::string& id)
{
    std::vector<FileStep> steps;
    const auto folders = missing_folders(changes, host.top);
    steps.reserve(folders.size() + (2 * changes.size()));
    for (const std::string& folder : folders) {
        steps.emplace_back(MakeFolder{folder});
    }
    for (const FileChange& change : changes) {
        if (change.image) {
            steps.emplace_back(StageFile{change.path, staged_name(change.path, id), *change.image});
        }
    }
    for (const FileChange& change : changes) {
        if (change.image) {
            steps.emplace_back(PlaceFile{change.path, staged_name(change.path, id), *change.image});
        } else {
            steps.emplace_back(RemoveFile{change.path});
        }
    }
    return steps;
}

/// What the disk says now, against what was to be written.
Result<void> compare(const std::vector<FileChange>& changes, const PersistHost& host)
{
    for (const FileChange& change : changes) {
        const auto now = image_of(host.top / change.path);
        if (!now || *now != change.image) {
            return Error{ErrorCode::rolled_back,
                         fmt::format("cannot keep '/{}': it does not read back as it was written", change.path),
                         "another program may be changing the same files"};
        }
    }
    return {};
}

Result<void> compare(const Persistence& persistence, const PersistHost& host)
{
    KeptFiles found;
    for (const KeptFile& file : persistence.files) {
        const auto now = image_of(host.top / file.path);
        if (!now || !*now) {
            return Error{ErrorCode::rolled_back, fmt::format("cannot keep '/{}': it is gone", file.path)};
        }
        found.push_back({file.path, (*now)->bytes, (*now)->mode, (*now)->is_link});
    }
    const auto missing = missing_in(found, persistence.manager, persistence.profile);
    return missing.empty() ? Result<void>{}
                           : Error{ErrorCode::rolled_back, "cannot keep the links: " + missing.front()};
}

/// Writes, and has the caller's own proof, too.
template <class Proof>
Result<std::string> written(const std::vector<FileChange>& changes,
                            const PersistHost& host,
                            const PersistRun& run,
                            const Proof& proof)
{
    if (changes.empty()) {
        return std::string{};
    }
    auto journal = txn::Journal::begin(run.places, {files_tool, run.command_line});
    if (!journal) {
        return std::move(journal).error();
    }
    FileDomain domain{host.top};
    auto steps = steps_for(changes, host, journal->id());
    const auto left = folders_left(changes, run.places);
    std::transform(left.rbegin(), left.rend(), std::back_inserter(steps), [](const std::string& folder) {
        return FileStep{RemoveFolder{folder}};
    });
    auto outcome = txn::execute(*journal, domain, std::span<const FileStep>{steps}, run.watch);
    if (outcome.ok()) {
        auto sound = compare(changes, host);
        sound = sound ? proof() : std::move(sound);
        sound = sound ? journal->enter(txn::State::closed) : std::move(sound);
        if (!sound) {
            outcome = {std::move(sound).error(), txn::roll_back(*journal, domain)};
        }
    }
    if (!outcome.ok()) {
        return txn::to_error(outcome);
    }
    (void)txn::prune(run.places, files_tool);
    return journal->id();
}

/// What is left to be told takes the place of what was to be told.
void tell_network_manager(Persistence& persistence)
{
    std::vector<std::string> keyfiles;
    keyfiles.reserve(persistence.files.size());
    for (const KeptFile& file : persistence.files) {
        keyfiles.push_back(file.bytes);
    }
    if (auto told = take_up(keyfiles)) {
        std::ranges::move(told->warnings, std::back_inserter(persistence.warnings));
        persistence.commands = std::move(told->commands);
        persistence.stalled = told->failed;
    }
}

}  // namespace

Result<std::string> write_files(const std::vector<FileChange>& changes, const PersistHost& host, const PersistRun& run)
{
    return written(changes, host, run, [] { return Result<void>{}; });
}

Result<std::string> persist(const Persistence& persistence, const PersistHost& host, const PersistRun& run)
{
    return written(persistence.changes, host, run, [&] { return compare(persistence, host); });
}

Result<Kept> keep_links(const Network& network, const PersistWish& wish, const PersistHost& host, const PersistRun& run)
{
    const auto cleaned = recover_files(run.places, host);
    if (!cleaned) {
        return cleaned.error();
    }
    if (run.warn) {
        for (const std::string& id : cleaned->undone) {
            run.warn(txn::undone_sentence(id));
        }
        std::ranges::for_each(cleaned->failed, run.warn);
    }
    auto persistence = plan_persistence(network, wish, host);
    if (!persistence) {
        return std::move(persistence).error();
    }
    auto id = persist(*persistence, host, run);
    if (!id) {
        return std::move(id).error();
    }
    if (persistence->manager == Manager::network_manager && host.top == "/") {
        tell_network_manager(*persistence);
    }
    return Kept{std::move(*persistence), std::move(*id)};
}

Result<std::vector<std::string>> take_back(const txn::Places& places, const std::string& id, const PersistHost& host)
{
    const auto record = txn::read_record(places.state / "txn" / files_tool / id);
    if (!record) {
        return record.error();
    }
    auto journal = txn::Journal::adopt(*record);
    if (!journal) {
        return std::move(journal).error();
    }
    FileDomain domain{host.top};
    return txn::roll_back(*journal, domain);
}

Result<txn::Cleanup> recover_files(const txn::Places& places, const PersistHost& host)
{
    FileDomain domain{host.top};
    return txn::undo_orphans(places, files_tool, domain);
}

}  // namespace kvmkit::net
