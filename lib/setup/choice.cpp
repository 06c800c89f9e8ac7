// SPDX-License-Identifier: Apache-2.0
#include "setup/choice.hpp"

#include "setup/arrivals.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

Error no_such(const std::string& id)
{
    return {ErrorCode::not_found,
            id.empty() ? "there is no change to roll back" : fmt::format("there is no change {}", id),
            "'host-setup history' lists the changes"};
}

Error does_not_stand(const txn::Record& record)
{
    return cannot_roll_back(record.id,
                            fmt::format("it is {}", txn::word(record.state)),
                            record.open() ? "host-setup resume; or, if it waits for an answer: host-setup confirm"
                                          : "'host-setup history' lists the changes");
}

/// One that stood, and whose taking back was broken off or left something.
bool is_half_back(const txn::Record& record)
{
    return record.stood && !txn::alive(record.owner) &&
           (record.state == txn::State::rolling_back || record.state == txn::State::damaged);
}

/// One whose packages may still be asked for, though all else of it is taken back.
Result<bool> may_have_left_packages(const txn::Record& record)
{
    if (!record.stood || record.state != txn::State::rolled_back) {
        return false;
    }
    const auto arrivals = kept_arrivals(record);
    return arrivals ? Result<bool>{arrivals->has_value()} : arrivals.error();
}

}  // namespace

Error cannot_roll_back(const std::string& id, std::string_view cause, std::string hint)
{
    return {ErrorCode::refused, fmt::format("refused to roll back {}: {}", id, cause), std::move(hint)};
}

Result<txn::Record> named(const txn::Inventory& inventory, const std::string& id)
{
    const auto found = std::ranges::find(inventory.records, id, &txn::Record::id);
    return found != inventory.records.end() ? Result<txn::Record>{*found} : no_such(id);
}

Result<txn::Record> chosen(const txn::Inventory& inventory, const std::string& id)
{
    const txn::Record* newest = nullptr;
    const txn::Record* wanted = nullptr;
    for (const txn::Record& record : inventory.records) {
        newest = record.stands() ? &record : newest;
        wanted = record.id == id ? &record : wanted;
    }
    wanted = id.empty() ? newest : wanted;
    if (wanted == nullptr) {
        return no_such(id);
    }
    if (!wanted->stands()) {
        return does_not_stand(*wanted);
    }
    if (newest != wanted) {
        return cannot_roll_back(wanted->id,
                                fmt::format("{} was made on top of it", newest->id),
                                fmt::format("host-setup rollback {}", newest->id));
    }
    return *wanted;
}

Result<txn::Record> chosen_with_packages(const txn::Inventory& inventory, const std::string& id)
{
    const txn::Record* wanted = nullptr;
    for (const txn::Record& record : inventory.records) {
        const bool fits = id.empty() ? record.stands() || is_half_back(record) : record.id == id;
        wanted = fits ? &record : wanted;
    }
    if (wanted == nullptr) {
        return no_such(id);
    }
    const auto left = may_have_left_packages(*wanted);
    if (!left) {
        return left.error();
    }
    if (!wanted->stands() && !is_half_back(*wanted) && !*left) {
        return does_not_stand(*wanted);
    }
    if (const txn::Record* const above = txn::built_upon(inventory, *wanted); above != nullptr) {
        return cannot_roll_back(wanted->id,
                                fmt::format("{} was made on top of it", above->id),
                                fmt::format("host-setup rollback {}", above->id));
    }
    return *wanted;
}

}  // namespace kvmkit::setup
