// SPDX-License-Identifier: Apache-2.0
#include "setup/kept_plan.hpp"

#include "setup/history.hpp"
#include "system/files.hpp"
#include "system/root.hpp"

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr const char* file_name = "plan.json";
constexpr std::size_t largest_plan = 8U << 20U;

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
    return plan ? Result<std::optional<SavedPlan>>{std::optional{std::move(*plan)}} : std::move(plan).error();
}

Headway headway_of(const txn::Places& places, const SavedPlan& plan)
{
    const auto inventory = transactions(places);
    if (!inventory || inventory->records.empty()) {
        return Headway::none;
    }
    const txn::Record& last = inventory->records.back();
    const auto kept = kept_plan(last);
    const bool same = kept && *kept && to_text(**kept) == to_text(plan);
    return same && last.state == txn::State::rolled_back ? Headway::begun : Headway::none;
}

}  // namespace kvmkit::setup
