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

}  // namespace

Result<txn::Journal> begin_journal(const Request& request)
{
    auto journal = txn::Journal::begin(request.places, {"host-setup", request.command_line});
    if (!journal || !request.kept) {
        return journal;
    }
    if (auto kept = write_atomically(journal->record().directory / file_name, to_text(*request.kept), 0600); !kept) {
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

Headway headway_of(const txn::Places& places, const SavedPlan& plan)
{
    const auto inventory = transactions(places);
    auto records = inventory ? inventory->records : std::vector<txn::Record>{};
    std::ranges::reverse(records);
    const auto text = to_text(plan);
    Headway most = Headway::none;
    for (const txn::Record& record : records) {
        const auto kept = kept_plan(record);
        const bool same = kept && *kept && to_text(**kept) == text;
        if (!same || record.stood || record.state != txn::State::rolled_back) {
            break;
        }
        most = std::max(most, headway_by(package_work(record)));
    }
    return most;
}

}  // namespace kvmkit::setup
