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

/// A domain that makes many steps at once. prepare() tells what undoes as many of the first steps as can be known
/// before one of them is made, at least one; next() how many of these go together, 0 once none is left, and make()
/// makes them. undo() undoes as many of the first steps as succeed.
template <class D>
concept BatchingDomain = Domain<D> && requires(D& domain, std::span<const typename D::Step> steps, std::size_t count)
{
    {
        domain.prepare(steps)
        } -> std::same_as<Result<std::vector<std::optional<typename D::Step>>>>;
    {
        domain.next(count)
        } -> std::same_as<std::size_t>;
    {
        domain.make(count)
        } -> std::same_as<Result<void>>;
    {
        domain.undo(steps)
        } -> std::same_as<std::size_t>;
};

/// How the run is watched; each may be empty.
struct Watch {
    std::function<bool()> interrupted = {};                 ///< Asked between two steps.
    std::function<void(const std::string&)> announce = {};  ///< Told each step's description before it is made.
    std::function<void()> made = {};                        ///< Told when those that were announced are made.
};

/// How it went. No failure: every step is made. A failure: everything is undone but what `left_behind` names.
struct Outcome {
    std::optional<Error> failure;
    std::vector<std::string> left_behind;  ///< "delete bridge br0: Operation not permitted", newest first.

    [[nodiscard]] bool ok() const noexcept { return !failure; }
};

/// The steps of a journal that are to be undone, newest first; behind the others those that are last.
std::vector<std::size_t> still_to_undo(const Record& record);

/// Undoes as many of the first steps in one go as succeed; those that are left go one by one.
template <BatchingDomain D>
std::vector<std::size_t> undo_together(Journal& journal, D& domain, std::vector<std::size_t> pending)
{
    std::vector<typename D::Step> inverses;
    inverses.reserve(pending.size());
    for (const std::size_t index : pending) {
        auto inverse = domain.decode(journal.record().steps.at(index).undo);
        if (!inverse) {
            break;
        }
        inverses.push_back(std::move(*inverse));
    }
    const auto undone = static_cast<std::ptrdiff_t>(domain.undo(inverses));
    (void)journal.mark_undone({pending.begin(), pending.begin() + undone});
    pending.erase(pending.begin(), pending.begin() + undone);
    return pending;
}

/// Undoes every recorded step of a journal that is not undone yet, newest first, going on past errors. Ends in state
/// rolled_back or damaged. A journal that can no longer be written does not stop the undoing.
template <Domain D>
std::vector<std::string> roll_back(Journal& journal, D& domain)
{
    std::vector<std::string> left_behind;
    (void)journal.enter(State::rolling_back);
    auto pending = still_to_undo(journal.record());
    if constexpr (BatchingDomain<D>) {
        if (!fault_armed(Moment::undo)) {
            pending = undo_together(journal, domain, std::move(pending));
        }
    }
    for (const std::size_t index : pending) {
        const StepRecord step = journal.record().steps.at(index);
        Result<void> undone = fault_point(Moment::undo, index);
        if (step.last && !left_behind.empty()) {
            undone = Error{ErrorCode::refused, "all others must be undone first"};
        }
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

/// Tells of steps that are about to be made. false: somebody interrupts.
template <Domain D>
Result<void> go_ahead(D& domain, std::span<const typename D::Step> steps, const Watch& watch)
{
    if (watch.interrupted && watch.interrupted()) {
        return Error{ErrorCode::interrupted, "interrupted"};
    }
    for (const auto& step : steps) {
        if (watch.announce) {
            watch.announce(domain.describe(step));
        }
    }
    return {};
}

/// The faults that tests have ordered for steps, in order.
Result<void> fault_points(Moment moment, std::size_t first, std::size_t count);

/// Tells that the steps which were announced are made.
inline void tell_made(const Watch& watch)
{
    if (watch.made) {
        watch.made();
    }
}

/// Makes as many of the first steps as can be prepared at once, and says how many: what undoes all of them is on the
/// disk before the first one is made. After a crash any of them may be unmade; after a failure, those that were never
/// tried are not undone.
template <BatchingDomain D>
Result<std::size_t> make_batch(Journal& journal, D& domain, std::span<const typename D::Step> steps, const Watch& watch)
{
    const auto inverses = domain.prepare(steps);
    if (!inverses) {
        return inverses.error();
    }
    std::vector<Intent> intents;
    intents.reserve(inverses->size());
    for (std::size_t i = 0; i < inverses->size(); ++i) {
        const auto& inverse = (*inverses)[i];
        intents.push_back({domain.describe(steps[i]), inverse ? domain.encode(*inverse) : std::string{}});
    }
    const auto first = journal.intend(intents);
    if (!first) {
        return first.error();
    }
    // Tests strike between any two steps; without them as many go together as the domain likes.
    const bool one_by_one = fault_armed(Moment::before) || fault_armed(Moment::after);
    std::size_t made = 0;
    while (const std::size_t together = domain.next(one_by_one ? 1 : intents.size())) {
        auto done = go_ahead(domain, steps.subspan(made, together), watch);
        const std::size_t tried = done ? together : 0;
        done = done ? fault_points(Moment::before, *first + made, together) : done;
        done = done ? domain.make(together) : done;
        done = done ? fault_points(Moment::after, *first + made, together) : done;
        done = done ? journal.mark_done(*first + made, together) : done;
        if (!done) {
            journal.forget_intents(*first + made + tried);
            return std::move(done).error();
        }
        tell_made(watch);
        made += together;
    }
    return made;
}

/// Makes the first step, or more of them where the domain can.
template <Domain D>
Result<std::size_t> make_some(Journal& journal, D& domain, std::span<const typename D::Step> steps, const Watch& watch)
{
    if constexpr (BatchingDomain<D>) {
        return make_batch(journal, domain, steps, watch);
    }
    auto made = go_ahead(domain, steps.first(1), watch);
    made = made ? make_step(journal, domain, steps.front()) : made;
    if (!made) {
        return std::move(made).error();
    }
    tell_made(watch);
    return 1;
}

/// Makes the steps in order. The first failure, or an interruption, undoes all that was made. Ends in state applied;
/// the caller closes the journal once nothing is to be undone any more.
template <Domain D>
Outcome execute(Journal& journal, D& domain, std::span<const typename D::Step> steps, const Watch& watch = {})
{
    std::optional<Error> failure;
    const auto attempt = [&failure](const auto& result) {
        if (!result) {
            failure = result.error();
        }
    };
    attempt(journal.enter(State::applying));
    while (!steps.empty() && !failure) {
        const auto made = make_some(journal, domain, steps, watch);
        attempt(made);
        steps = steps.subspan(made.value_or(0));
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
    std::vector<std::string> undone;  ///< Ids of transactions that are now rolled back, the newest first.
    std::vector<std::string> failed;  ///< Sentences about what is left.
};

/// What is told of one of `undone`.
std::string undone_sentence(const std::string& id);

/// All that is to be told.
std::vector<std::string> sentences(const Cleanup& cleanup);

/// Undoes these transactions, in that order. Call it under the tool's lock.
template <Domain D>
Cleanup undo_all(const std::vector<Record>& records, D& domain)
{
    Cleanup cleanup;
    for (const Record& orphan : records) {
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

/// Undoes every open transaction of a tool whose owner is dead. Call it under the tool's lock.
template <Domain D>
Result<Cleanup> undo_orphans(const Places& places, const std::string& tool, D& domain)
{
    const auto inventory = read_all_if_open(places, tool);
    if (!inventory) {
        return inventory.error();
    }
    Cleanup cleanup = undo_all(orphans(*inventory), domain);
    cleanup.failed.insert(cleanup.failed.begin(), inventory->damaged.begin(), inventory->damaged.end());
    return cleanup;
}

}  // namespace kvmkit::txn
