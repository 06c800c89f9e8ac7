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

Inventory read_records(const std::vector<std::filesystem::path>& folders)
{
    Inventory inventory;
    for (const auto& directory : folders) {
        if (auto record = read_record(directory)) {
            inventory.records.push_back(std::move(*record));
        } else if (record.error().code != ErrorCode::not_found) {
            inventory.damaged.push_back(record.error().message);
        }
    }
    return inventory;
}

/// One whose end tells nothing may be open.
bool has_ended(const std::filesystem::path& directory)
{
    const auto state = state_at_end(directory);
    return state && is_final(*state);
}

}  // namespace

Result<Inventory> read_all_records(const Places& places, const std::string& tool)
{
    const auto found = folders_of(places, tool);
    return found ? read_records(*found) : Result<Inventory>{found.error()};
}

Result<Inventory> read_records_in(const Places& places, const std::string& tool, State state)
{
    auto found = folders_of(places, tool);
    if (!found) {
        return std::move(found).error();
    }
    std::erase_if(*found, [state](const auto& directory) {
        const auto told = state_at_end(directory);
        return told && *told != state;
    });
    Inventory inventory = read_records(*found);
    std::erase_if(inventory.records, [state](const Record& record) { return record.state != state; });
    return inventory;
}

Result<Inventory> read_all_if_open(const Places& places, const std::string& tool)
{
    const auto found = folders_of(places, tool);
    if (!found) {
        return found.error();
    }
    return std::ranges::all_of(*found, has_ended) ? Inventory{} : read_records(*found);
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
    auto ended = folders_of(places, tool);
    if (!ended || ended->size() <= keep) {
        return ended ? Result<void>{} : std::move(ended).error();  // what is not too many needs no reading
    }
    std::erase_if(*ended, [](const auto& directory) { return !has_ended(directory); });
    const auto excess = ended->size() > keep ? ended->size() - keep : 0;
    for (std::size_t i = 0; i < excess; ++i) {
        std::error_code problem;
        std::filesystem::remove_all(ended->at(i), problem);
        if (problem) {
            return errno_error(problem.value(), fmt::format("cannot remove '{}'", ended->at(i).string()));
        }
    }
    return {};
}

}  // namespace kvmkit::txn
