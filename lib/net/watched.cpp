// SPDX-License-Identifier: Apache-2.0
#include "net/watched.hpp"

#include "net/domain.hpp"
#include "net/nm/checkpoint.hpp"
#include "net/planner/way_back.hpp"
#include "system/runner.hpp"
#include "txn/execute.hpp"
#include "txn/scope.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

bool hands_over(const Plan& plan)
{
    return std::ranges::any_of(plan, [](const Step& step) { return std::holds_alternative<Handover>(step.action); });
}

}  // namespace

bool is_to_be_watched(const Network& network, const Plan& plan)
{
    return hands_over(plan) || touches_way_out(network, plan);
}

Result<txn::Watchdog> arm_watchdog(const txn::Duty& duty, const std::function<void(const std::string&)>& warn)
{
    auto watchdog = txn::Watchdog::arm(duty);
    if (watchdog) {
        SystemRunner runner;
        const auto unit = fmt::format("net-setup-{}.scope", duty.id);
        if (auto moved = txn::move_to_own_scope(runner, watchdog->pid(), unit); !moved) {
            warn(moved.error().message + "; it would end with this session's processes");
        }
    }
    return watchdog;
}

Result<void> undo_record(const Result<txn::Record>& record, const NetNamespace& here)
{
    auto journal = record ? txn::Journal::adopt(*record) : Result<txn::Journal>{record.error()};
    auto route = RouteSocket::open();
    if (!journal || !route) {
        return !journal ? std::move(journal).error() : std::move(route).error();
    }
    LinkDomain domain{*route, here};
    const auto left = txn::roll_back(*journal, domain);
    end_checkpoint(record->directory, left);
    return left.empty()
               ? Result<void>{}
               : Result<void>{Error{ErrorCode::damaged, fmt::format("could not undo:\n  {}", fmt::join(left, "\n  "))}};
}

}  // namespace kvmkit::net
