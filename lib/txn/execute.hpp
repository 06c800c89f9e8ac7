// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "txn/fault.hpp"
#include "txn/journal.hpp"
#include "txn/store.hpp"

#include <concepts>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::txn {

/// What a domain (net, setup, virt) brings: its steps, and how to describe, invert, make and store them.
/// An inverse must be harmless where its change was never made: after a crash nobody knows.
template <class D>
concept Domain = requires(D& domain, const typename D::Step& step, std::string_view text)
{
    {
        domain.describe(step)
        } -> std::convertible_to<std::string>;
    {
        domain.inverse(step)
        } -> std::same_as<Result<std::optional<typename D::Step>>>;  // observed before the change
    {
        domain.apply(step)
        } -> std::same_as<Result<void>>;
    {
        domain.encode(step)
        } -> std::convertible_to<std::string>;
    {
        domain.decode(text)
        } -> std::same_as<Result<typename D::Step>>;
};

/// How the run is watched; both may be empty.
struct Watch {
    std::function<bool()> interrupted = {};                 ///< Asked between two steps.
    std::function<void(const std::string&)> announce = {};  ///< Told each step's description before it is made.
};

/// How it went. No failure: every step is made. A failure: everything is undone but what `left_behind` names.
struct Outcome {
    std::optional<Error> failure;
    std::vector<std::string> left_behind;  ///< "delete bridge br0: Operation not permitted", newest first.

    [[nodiscard]] bool ok() const noexcept { return !failure; }
};

/// Undoes every recorded step of a journal that is not undone yet, newest first, going on past errors. Ends in state
/// rolled_back or damaged. A journal that can no longer be written does not stop the undoing.
template <Domain D>
std::vector<std::string> roll_back(Journal& journal, D& domain)
{
    std::vector<std::string> left_behind;
    (void)journal.enter(State::rolling_back);
    for (std::size_t index = journal.record().steps.size(); index-- > 0;) {
        const StepRecord step = journal.record().steps.at(index);
        if (step.undone || step.undo.empty()) {
            continue;
        }
        Result<void> undone = fault_point(Moment::undo, index);
        if (undone) {
            const auto inverse = domain.decode(step.undo);
            undone = inverse ? domain.apply(*inverse) : Result<void>{inverse.error()};
        }
        if (undone) {
            (void)journal.mark_undone(index);
        } else {
            left_behind.push_back(step.text + ": " + undone.error().message);
        }
    }
    (void)journal.enter(left_behind.empty() ? State::rolled_back : State::damaged);
    return left_behind;
}

/// Makes one step under the journal: inverse on the disk first, then the change.
template <Domain D>
Result<void> make_step(Journal& journal, D& domain, const typename D::Step& step)
{
    const auto inverse = domain.inverse(step);
    if (!inverse) {
        return inverse.error();
    }
    const auto index = journal.intend(domain.describe(step), *inverse ? domain.encode(**inverse) : std::string{});
    if (!index) {
        return index.error();
    }
    if (auto fault = fault_point(Moment::before, *index); !fault) {
        return fault;
    }
    if (auto made = domain.apply(step); !made) {
        return made;
    }
    if (auto fault = fault_point(Moment::after, *index); !fault) {
        return fault;
    }
    return journal.mark_done(*index);
}

/// Makes the steps in order. The first failure, or an interruption, undoes all that was made. Ends in state applied;
/// the caller closes the journal once nothing is to be undone any more.
template <Domain D>
Outcome execute(Journal& journal, D& domain, std::span<const typename D::Step> steps, const Watch& watch = {})
{
    std::optional<Error> failure;
    auto attempt = [&failure](Result<void> result) {
        if (!result) {
            failure = std::move(result).error();
        }
    };
    attempt(journal.enter(State::applying));
    for (std::size_t i = 0; i < steps.size() && !failure; ++i) {
        if (watch.interrupted && watch.interrupted()) {
            failure = Error{ErrorCode::interrupted, "interrupted"};
            break;
        }
        if (watch.announce) {
            watch.announce(domain.describe(steps[i]));
        }
        attempt(make_step(journal, domain, steps[i]));
    }
    if (!failure) {
        attempt(journal.enter(State::applied));
    }
    if (!failure) {
        return {};
    }
    return {std::move(failure), roll_back(journal, domain)};
}

/// The failure of an outcome as an Error that carries what is left: ErrorCode::damaged if anything is.
Error to_error(const Outcome& outcome);

/// What a clean-up found and did.
struct Cleanup {
    std::vector<std::string> undone;  ///< Ids of transactions that are now rolled back.
    std::vector<std::string> failed;  ///< Sentences about what is left.
};

/// What is told of one of `undone`.
std::string undone_sentence(const std::string& id);

/// Undoes every open transaction of a tool whose owner is dead. Call it under the tool's lock.
template <Domain D>
Result<Cleanup> undo_orphans(const Places& places, const std::string& tool, D& domain)
{
    const auto inventory = read_all_records(places, tool);
    if (!inventory) {
        return inventory.error();
    }
    Cleanup cleanup;
    cleanup.failed = inventory->damaged;
    for (const Record& orphan : orphans(*inventory)) {
        auto journal = Journal::adopt(orphan);
        if (!journal) {
            cleanup.failed.push_back(journal.error().message);
            continue;
        }
        const auto left = roll_back(*journal, domain);
        if (left.empty()) {
            cleanup.undone.push_back(orphan.id);
        }
        cleanup.failed.insert(cleanup.failed.end(), left.begin(), left.end());
    }
    return cleanup;
}

}  // namespace kvmkit::txn
