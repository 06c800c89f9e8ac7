// SPDX-License-Identifier: Apache-2.0
#include "txn/store.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::txn {
namespace {

/// The folders of a tool's transactions, oldest first.
Result<std::vector<std::filesystem::path>> folders_of(const Places& places, const std::string& tool)
{
    const auto folder = places.state / "txn" / tool;
    for (const auto& level : {places.state, places.state / "txn", folder}) {
        if (auto safe = check_is_ours(level); !safe) {
            return std::move(safe).error();
        }
    }
    std::error_code problem;
    std::vector<std::filesystem::path> found;
    for (const auto& entry : std::filesystem::directory_iterator{folder, problem}) {
        found.push_back(entry.path());
    }
    if (problem && problem != std::errc::no_such_file_or_directory) {
        return errno_error(problem.value(), fmt::format("cannot list '{}'", folder.string()));
    }
    std::ranges::sort(found);
    return found;
}

}  // namespace

Result<Inventory> read_all_records(const Places& places, const std::string& tool)
{
    const auto found = folders_of(places, tool);
    if (!found) {
        return found.error();
    }
    Inventory inventory;
    for (const auto& directory : *found) {
        if (auto record = read_record(directory)) {
            inventory.records.push_back(std::move(*record));
        } else if (record.error().code != ErrorCode::not_found) {
            inventory.damaged.push_back(record.error().message);
        }
    }
    return inventory;
}

std::vector<Record> orphans(const Inventory& inventory)
{
    std::vector<Record> found;
    std::copy_if(
        inventory.records.rbegin(), inventory.records.rend(), std::back_inserter(found), [](const Record& record) {
            return record.open() && !alive(record.owner);
        });
    return found;
}

const Record* built_upon(const Inventory& inventory,
                         const Record& record,
                         const std::function<bool(const Record&)>& counts)
{
    const auto newest = std::find_if(inventory.records.rbegin(), inventory.records.rend(), [&](const Record& each) {
        return each.stands() && each.id > record.id && (!counts || counts(each));
    });
    return newest != inventory.records.rend() ? &*newest : nullptr;
}

std::string staying_sentence(const Record& record, const Record& above)
{
    return fmt::format("what is left of {} stays: {} was made on top of it", record.id, above.id);
}

Result<void> prune(const Places& places, const std::string& tool, std::size_t keep)
{
    const auto folders = folders_of(places, tool);
    if (!folders || folders->size() <= keep) {
        return folders ? Result<void>{} : folders.error();  // what is not too many needs no reading
    }
    const auto inventory = read_all_records(places, tool);
    if (!inventory) {
        return inventory.error();
    }
    std::vector<std::filesystem::path> ended;
    for (const Record& record : inventory->records) {
        if (!record.open()) {
            ended.push_back(record.directory);
        }
    }
    const auto excess = ended.size() > keep ? ended.size() - keep : 0;
    for (std::size_t i = 0; i < excess; ++i) {
        std::error_code problem;
        std::filesystem::remove_all(ended.at(i), problem);
        if (problem) {
            return errno_error(problem.value(), fmt::format("cannot remove '{}'", ended.at(i).string()));
        }
    }
    return {};
}

}  // namespace kvmkit::txn
