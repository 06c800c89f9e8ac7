// SPDX-License-Identifier: Apache-2.0
#include "history/history.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::history {
namespace {

std::string_view mark_of(const txn::StepRecord& step)
{
    if (step.undone) {
        return "undone";
    }
    return step.done ? "done" : "begun";
}

}  // namespace

cli::Json record_of(const txn::Record& record)
{
    auto steps = cli::Json::array();
    for (const txn::StepRecord& step : record.steps) {
        steps.push_back({{"text", step.text}, {"done", step.done}, {"undone", step.undone}});
    }
    return {{"id", record.id},
            {"started", record.started},
            {"state", txn::word(record.state)},
            {"command", record.command},
            {"steps", std::move(steps)}};
}

cli::Candidates candidates(const txn::Inventory& inventory)
{
    cli::Candidates found;
    found.reserve(inventory.records.size());
    for (const txn::Record& record : inventory.records) {
        found.push_back({record.id, fmt::format("{}: {}", txn::word(record.state), record.command)});
    }
    std::ranges::reverse(found);
    return found;
}

void print_history(const cli::Console& console, const txn::Inventory& inventory, const std::string& tool, bool json)
{
    for (const std::string& damage : inventory.damaged) {
        console.warn(damage);
    }
    if (json) {
        auto changes = cli::Json::array();
        for (const txn::Record& record : inventory.records) {
            changes.push_back(record_of(record));
        }
        cli::print_json(console, {{"schema", cli::schema_name(tool, "history")}, {"changes", std::move(changes)}});
        return;
    }
    for (const txn::Record& record : inventory.records) {
        console.out << fmt::format(
            "{}  {}  {:<12}  {}\n", record.id, record.started, txn::word(record.state), record.command);
    }
}

void print_transaction(const cli::Console& console, const txn::Record& record, bool json)
{
    if (json) {
        cli::print_json(console, {{"schema", cli::schema_name(record.tool, "show")}, {"change", record_of(record)}});
        return;
    }
    console.out << fmt::format("{}\n{}, {}: {}\n", record.id, record.started, txn::word(record.state), record.command);
    for (const txn::StepRecord& step : record.steps) {
        console.out << fmt::format("  {:<6}  {}\n", mark_of(step), step.text);
    }
}

}  // namespace kvmkit::history
