// SPDX-License-Identifier: Apache-2.0
#include "setup/kept_plan.hpp"

#include "setup/history.hpp"
#include "setup/package_work.hpp"
#include "system/files.hpp"
#include "system/root.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr const char* file_name = "plan.json";
constexpr std::size_t largest_plan = 8U << 20U;

Headway headway_by(PackageWork work)
{
    switch (work) {
        case PackageWork::none: return Headway::none;
        case PackageWork::lists: return Headway::lists;
        case PackageWork::packages: return Headway::packages;
    }
    return Headway::none;
}

std::vector<txn::Record> newest_first(const txn::Places& places)
{
    const auto inventory = transactions(places);
    auto records = inventory ? inventory->records : std::vector<txn::Record>{};
    std::ranges::reverse(records);
    return records;
}

/// Not on request: it never stood.
bool was_taken_back(const txn::Record& record)
{
    return !record.stood && record.state == txn::State::rolled_back;
}

std::optional<SavedPlan> cut_order(const txn::Places& places)
{
    for (const txn::Record& record : newest_first(places)) {
        if (!was_taken_back(record)) {
            break;
        }
        if (package_work(record) != PackageWork::packages) {
            continue;
        }
        auto kept = record.adopted ? kept_plan(record) : Result<std::optional<SavedPlan>>{std::nullopt};
        return kept && *kept && (*kept)->packages ? std::move(*kept) : std::nullopt;
    }
    return std::nullopt;
}

Result<void> write_plan(const txn::Journal& journal, const SavedPlan& plan)
{
    return write_atomically(journal.record().directory / file_name, to_text(plan), 0600);
}

}  // namespace

Result<txn::Journal> begin_journal(const Request& request)
{
    auto plan = request.kept;
    const auto cut = plan && !request.saved ? cut_order(request.places) : std::nullopt;
    if (cut) {  // what is finished first may be broken off, too
        plan->packages = cut->packages;
    }
    auto journal = txn::Journal::begin(request.places, {"host-setup", request.command_line});
    if (!journal || !plan) {
        return journal;
    }
    if (auto kept = write_plan(*journal, *plan); !kept) {
        journal->discard();
        return std::move(kept).error();
    }
    return journal;
}

Result<std::optional<SavedPlan>> kept_plan(const txn::Record& record)
{
    const auto folder = Root::open(record.directory);
    const auto text = folder ? folder->read(file_name, largest_plan) : Fact<std::string>{folder.error()};
    if (!text) {
        return text.error();
    }
    if (!*text) {
        return std::optional<SavedPlan>{};
    }
    auto plan = read_saved_plan(**text);
    if (!plan) {
        return Error{ErrorCode::external,
                     fmt::format("cannot read '{}': {}", (record.directory / file_name).string(), plan.error().message),
                     "host-setup resume undoes what was begun; then: " + record.command};
    }
    return std::optional{std::move(*plan)};
}

Result<void> keep_cost(const txn::Journal& journal, const Price& price, const SavedPlan& order)
{
    SavedPlan plan = order;
    keep_price(price, plan);
    return write_plan(journal, plan);
}

std::optional<SavedPlan> begun_by(const Request& request, Headway headway)
{
    if (request.saved) {
        return headway == Headway::packages ? request.saved : std::nullopt;
    }
    return cut_order(request.places);
}

Headway headway_of(const txn::Places& places, const SavedPlan& plan)
{
    const auto text = to_text(plan);
    Headway most = Headway::none;
    for (const txn::Record& record : newest_first(places)) {
        const auto kept = kept_plan(record);
        const bool same = kept && *kept && to_text(**kept) == text;
        if (!same || !was_taken_back(record)) {
            break;
        }
        most = std::max(most, headway_by(package_work(record)));
    }
    return most;
}

}  // namespace kvmkit::setup
