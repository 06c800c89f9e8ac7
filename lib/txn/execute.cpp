// SPDX-License-Identifier: Apache-2.0
#include "txn/execute.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::txn {

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

}  // namespace kvmkit::txn
