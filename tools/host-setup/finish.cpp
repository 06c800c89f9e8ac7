// SPDX-License-Identifier: Apache-2.0
#include "finish.hpp"

#include "saved.hpp"
#include "setup/history.hpp"
#include "setup/kept_plan.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::host_setup {
namespace {

/// One that cannot be read counts: it is told, and no other change is taken in its place.
bool keeps_plan(const txn::Record& record)
{
    const auto kept = setup::kept_plan(record);
    return !kept || *kept;
}

bool has_stood(const txn::Record& record)
{
    return record.stood;
}

bool is_undone(const txn::Record& record)
{
    return record.state == txn::State::rolled_back;
}

}  // namespace

bool can_be_finished(const txn::Record& record)
{
    return !record.stood && keeps_plan(record);
}

Result<std::optional<txn::Record>> change_to_finish(const std::string& id)
{
    const auto places = txn::default_places();
    if (!id.empty()) {
        auto named = setup::transaction(places, id);
        return named ? Result<std::optional<txn::Record>>{std::move(*named)} : std::move(named).error();
    }
    const auto inventory = setup::transactions(places);
    if (!inventory) {
        return inventory.error();
    }
    auto left = txn::orphans(*inventory);
    if (left.empty() && !inventory->records.empty()) {
        const txn::Record& last = inventory->records.back();
        return is_undone(last) && keeps_plan(last) ? std::optional{last} : std::nullopt;
    }
    // What stands is what was asked for last: nothing older is finished over it.
    const auto stands = std::find_if(inventory->records.rbegin(), inventory->records.rend(), &has_stood);
    const auto is_newer = [&](const txn::Record& record) {
        return stands == inventory->records.rend() || record.id > stands->id;
    };
    std::erase_if(left, [&](const txn::Record& record) { return !is_newer(record); });
    const auto found = std::ranges::find_if(left, can_be_finished);
    if (found != left.end()) {
        return std::optional{std::move(*found)};
    }
    return left.empty() ? std::nullopt : std::optional{std::move(left.front())};
}

Result<std::optional<setup::Request>> request_to_finish(const txn::Record& record, const cli::Arguments& arguments)
{
    if (!record.open() && !is_undone(record)) {
        return std::optional<setup::Request>{};
    }
    auto plan = setup::kept_plan(record);
    if (!plan) {
        return std::move(plan).error();
    }
    if (!*plan) {
        return std::optional<setup::Request>{};
    }
    const bool looked_at = (*plan)->looked_at();
    auto request = request_of(arguments, std::move(**plan));
    if (!request) {
        Error error = std::move(request).error();
        if (error.code == ErrorCode::refused) {
            error.hint = fmt::format("{}{}",
                                     record.open() ? "host-setup resume undoes it; then: " : "",
                                     looked_at ? error.hint : record.command);
        }
        return error;
    }
    request->repair = true;                  // what dpkg was in the middle of is a part of it
    request->command_line = record.command;  // which is what a later hint tells to give again
    return std::optional{std::move(*request)};
}

Error cannot_finish(const txn::Record& record)
{
    if (const auto kept = setup::kept_plan(record); !kept || *kept) {
        const bool looked_at = kept && (*kept)->looked_at();  // the packages that it brought are drift by now
        return {ErrorCode::refused,
                fmt::format("refused to finish {}: it was made, and rolled back on request", record.id),
                looked_at ? setup::look_anew
                          : fmt::format("to make it all the same: host-setup resume --finish {}", record.id)};
    }
    return {ErrorCode::not_found,
            fmt::format("cannot finish {}: its command leaves nothing to go by", record.id),
            record.command};
}

}  // namespace kvmkit::host_setup
