// SPDX-License-Identifier: Apache-2.0
#include "setup/mender.hpp"

#include "txn/store.hpp"

#include <span>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

const std::string tool = "kvm-check";

}  // namespace

Result<Mender> Mender::open(Runner& runner, MendRequest request, std::vector<std::string>& undone)
{
    auto own = txn::Lock::acquire(request.places, "lock.kvm-check", request.command_line);
    if (!own) {
        return std::move(own).error();
    }
    auto shared = txn::Lock::acquire(request.places, "lock", request.command_line);
    if (!shared) {
        return std::move(shared).error();
    }
    Mender mender{runner, std::move(request), std::move(*own), std::move(*shared)};
    const auto cleanup = txn::undo_orphans(mender.request_.places, tool, mender.domain_);
    if (!cleanup) {
        return cleanup.error();
    }
    undone = txn::sentences(*cleanup);
    return mender;
}

Result<void> Mender::begin()
{
    if (!journal_) {
        auto journal = txn::Journal::begin(request_.places, {tool, request_.command_line});
        if (!journal) {
            return std::move(journal).error();
        }
        journal_.emplace(std::move(*journal));
    }
    return {};
}

Result<void> Mender::make(const std::vector<Step>& steps, const txn::Watch& watch)
{
    if (auto begun = begin(); !begun) {
        return begun;
    }
    const auto outcome = txn::execute(*journal_, domain_, std::span<const Step>{steps}, watch);
    if (!outcome.ok()) {
        return txn::to_error(outcome);
    }
    made_.insert(made_.end(), steps.begin(), steps.end());
    return {};
}

Error Mender::undo(std::string message)
{
    txn::Outcome outcome{.failure = Error{ErrorCode::rolled_back, std::move(message)}, .left_behind = {}};
    if (journal_) {
        outcome.left_behind = txn::roll_back(*journal_, domain_);
    }
    return txn::to_error(outcome);
}

std::string Mender::close()
{
    if (!journal_) {
        return {};
    }
    (void)journal_->enter(txn::State::closed);
    (void)txn::prune(request_.places, tool);
    return journal_->id();
}

}  // namespace kvmkit::setup
