// SPDX-License-Identifier: Apache-2.0
#include "txn/execute.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::txn {

std::vector<std::size_t> still_to_undo(const Record& record)
{
    std::vector<std::size_t> pending;
    for (std::size_t index = record.steps.size(); index-- > 0;) {
        const StepRecord& step = record.steps.at(index);
        if (!step.undone && !step.undo.empty()) {
            pending.push_back(index);
        }
    }
    std::stable_partition(
        pending.begin(), pending.end(), [&](std::size_t index) { return !record.steps.at(index).last; });
    return pending;
}

Result<void> fault_points(Moment moment, std::size_t first, std::size_t count)
{
    Result<void> passed;
    for (std::size_t step = first; step < first + count && passed; ++step) {
        passed = fault_point(moment, step);
    }
    return passed;
}

Error to_error(const Outcome& outcome)
{
    Error error = outcome.failure.value_or(Error{});
    if (!outcome.left_behind.empty()) {
        error.code = ErrorCode::damaged;
        error.message += fmt::format("\nand could not undo:\n  {}", fmt::join(outcome.left_behind, "\n  "));
    }
    return error;
}

std::string undone_sentence(const std::string& id)
{
    return fmt::format("undid transaction {}, which an earlier run did not end", id);
}

std::vector<std::string> sentences(const Cleanup& cleanup)
{
    std::vector<std::string> all;
    all.reserve(cleanup.undone.size() + cleanup.failed.size());
    std::ranges::transform(cleanup.undone, std::back_inserter(all), undone_sentence);
    std::ranges::copy(cleanup.failed, std::back_inserter(all));
    return all;
}

}  // namespace kvmkit::txn
