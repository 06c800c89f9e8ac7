// SPDX-License-Identifier: Apache-2.0
#include "net/persist/returns.hpp"

#include "net/persist/own_files.hpp"
#include "net/persist/writers.hpp"
#include "txn/store.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

using Image = std::optional<FileImage>;

/// What a transaction did to files that stay; the staged ones are gone anyway.
std::vector<RestoreFile> restores_in(const txn::Record& record)
{
    std::vector<RestoreFile> found;
    for (const txn::StepRecord& step : record.steps) {
        auto undo = step.undo.empty() ? Result<FileStep>{Error{}} : FileDomain::decode(step.undo);
        auto* restore = undo ? std::get_if<RestoreFile>(&*undo) : nullptr;
        if (restore != nullptr && !step.undone && (restore->old || restore->ours)) {
            found.push_back(std::move(*restore));
        }
    }
    return found;
}

bool is_about(const std::vector<RestoreFile>& files, const std::vector<std::string>& profiles)
{
    const auto starts = [](const Image& image, const std::string& head) {
        return image && image->bytes.starts_with(head);
    };
    return std::ranges::any_of(profiles, [&](const std::string& profile) {
        const auto head = head_line(profile);
        return std::ranges::any_of(
            files, [&](const RestoreFile& file) { return starts(file.ours, head) || starts(file.old, head); });
    });
}

Error changed_since(const std::string& path)
{
    return {ErrorCode::refused,
            fmt::format("cannot give '/{}' its old content back: somebody changed it since net-setup wrote it", path),
            "--persist none leaves the files as they are; then set them right by hand"};
}

/// One file through all transactions, newest first.
struct Trail {
    Image newest;  ///< What the newest one left.
    Image oldest;  ///< What the oldest one found.
    bool broken = false;
};

std::map<std::string, Trail> trails_of(const std::vector<txn::Record>& newest_first)
{
    std::map<std::string, Trail> trails;
    for (const txn::Record& record : newest_first) {
        for (RestoreFile& file : restores_in(record)) {
            const auto [at, is_new] = trails.try_emplace(file.path, Trail{file.ours, file.old});
            Trail& trail = at->second;
            trail.broken = trail.broken || (!is_new && file.ours != trail.oldest);
            if (!is_new && !trail.broken) {
                trail.oldest = std::move(file.old);
            }
        }
    }
    return trails;
}

}  // namespace

Result<std::vector<txn::Record>> files_since(const txn::Places& places,
                                             const std::string& change,
                                             const std::vector<std::string>& profiles)
{
    auto inventory = txn::read_all_records(places, files_tool);
    if (!inventory) {
        return std::move(inventory).error();
    }
    std::vector<txn::Record> found;
    std::ranges::reverse(inventory->records);
    for (txn::Record& record : inventory->records) {
        if (record.state == txn::State::closed && record.id > change && is_about(restores_in(record), profiles)) {
            found.push_back(std::move(record));
        }
    }
    return found;
}

Result<Return> plan_return(const std::vector<std::string>& profiles, const PersistHost& host, const txn::Places& places)
{
    const auto records = files_since(places, "", profiles);
    const auto root = Root::open(host.top);
    if (!records || !root) {
        return !records ? records.error() : root.error();
    }
    Return plan;
    const auto trails = trails_of(*records);
    for (const auto& [path, trail] : trails) {
        auto now = image_of(host.top / path);
        if (!now) {
            return std::move(now).error();
        }
        if (*now != trail.newest && *now != trail.oldest) {
            return changed_since(path);
        }
        plan.files.push_back({path, std::move(*now), trail.oldest});
    }
    for (const std::string& profile : profiles) {
        for (const std::string& path : own_files(*root, profile)) {
            auto now = image_of(host.top / path);
            if (now && *now && !trails.contains(path)) {
                plan.files.push_back({path, std::move(*now), std::nullopt});
                plan.doubts.push_back(fmt::format("what was in place of /{} is not known any more", path));
            }
        }
    }
    return plan;
}

namespace {

/// Files as they will be once changes are undone, the newest first.
class AsIf {
public:
    explicit AsIf(const PersistHost& host) : host_(host) {}

    /// Fails where a file is neither what the change made of it nor what it was before.
    Result<void> undo(const RestoreFile& file)
    {
        auto known = images_.find(file.path);
        if (known == images_.end()) {
            auto now = image_of(host_.top / file.path);
            if (!now) {
                return std::move(now).error();
            }
            known = images_.emplace(file.path, std::move(*now)).first;
        }
        if (known->second != file.ours && known->second != file.old) {
            return changed_since(file.path);
        }
        known->second = file.old;
        return {};
    }

private:
    const PersistHost& host_;
    std::map<std::string, Image> images_;
};

}  // namespace

Result<void> check_untouched(const std::vector<txn::Record>& records, const PersistHost& host)
{
    AsIf as_if{host};
    for (const txn::Record& record : records) {
        auto files = restores_in(record);
        std::ranges::reverse(files);
        for (const RestoreFile& file : files) {
            if (auto undone = as_if.undo(file); !undone) {
                return undone;
            }
        }
    }
    return {};
}

}  // namespace kvmkit::net
