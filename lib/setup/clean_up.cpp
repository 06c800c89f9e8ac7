// SPDX-License-Identifier: Apache-2.0
#include "setup/clean_up.hpp"

#include "txn/store.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

const std::string tool = "host-setup";

}  // namespace

Result<txn::Cleanup> clean_up(const txn::Places& places, const UndoWait& wait, HostDomain& domain)
{
    const auto found = txn::read_all_if_open(places, tool);
    if (!found) {
        return found.error();
    }
    std::vector<std::string> staying = found->damaged;
    auto left = txn::orphans(*found);
    std::erase_if(left, [&](const txn::Record& record) {
        auto free = check_nothing_stands_on(*found, record);
        if (!free) {
            staying.push_back(fmt::format("{} ({})", free.error().message, free.error().hint));
        }
        return !free;
    });
    if (auto quiet = wait_to_undo(left, wait); !quiet) {
        return std::move(quiet).error();
    }
    auto cleanup = txn::undo_all(left, domain);
    cleanup.failed.insert(cleanup.failed.begin(), staying.begin(), staying.end());
    return cleanup;
}

Result<void> check_nothing_stands_on(const txn::Inventory& inventory, const txn::Record& record)
{
    const txn::Record* const above = txn::built_upon(inventory, record);
    return above == nullptr ? Result<void>{}
                            : Error{ErrorCode::refused,
                                    txn::staying_sentence(record, *above),
                                    fmt::format("host-setup rollback {}; then: host-setup resume", above->id)};
}

Result<std::vector<std::string>> clean_up_first(const txn::Places& places,
                                                const UndoWait& wait,
                                                HostDomain& domain,
                                                const std::function<void(const std::string&)>& warn)
{
    auto cleanup = clean_up(places, wait, domain);
    if (!cleanup) {
        return std::move(cleanup).error();
    }
    std::ranges::for_each(txn::sentences(*cleanup), warn);
    return std::move(cleanup->undone);
}

Error after_undoing(Error error, const std::vector<std::string>& undone)
{
    if (!undone.empty()) {
        error.code = error.code == ErrorCode::refused ? ErrorCode::rolled_back : error.code;
        error.message += fmt::format("\nwhat was begun is undone: {}", fmt::join(undone, ", "));
    }
    return error;
}

PackageLimits logged(PackageLimits limits, const txn::Places& places)
{
    limits.log = places.state / "host-setup-packages.log";
    return limits;
}

}  // namespace kvmkit::setup
