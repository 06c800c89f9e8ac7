// SPDX-License-Identifier: Apache-2.0
#include "net/change.hpp"

#include "net/domain.hpp"
#include "net/nm/checkpoint.hpp"
#include "net/nm/truce.hpp"
#include "net/recovery.hpp"
#include "net/watched.hpp"
#include "txn/change_locks.hpp"
#include "txn/execute.hpp"
#include "txn/watchdog.hpp"

#include <linux/if_link.h>

#include <algorithm>
#include <memory>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

const std::string tool = "net-setup";

/// The bridges that a plan creates. They run as soon as a port does; one that others made may take its time.
std::vector<LinkName> created_by(const Plan& plan)
{
    std::vector<LinkName> names;
    for (const Step& step : plan) {
        const auto* create = std::get_if<CreateLink>(&step.action);
        if (create != nullptr && create->kind == "bridge") {
            names.push_back(create->name);
        }
    }
    return names;
}

/// Its ports listen and learn first, for twice the forward delay; until then it has no carrier, and that is as it
/// should be.
bool has_spanning_tree(const Link& bridge)
{
    const LinkOption* option = find(bridge.options, IFLA_BR_STP_STATE);
    return option != nullptr && option->bytes.find_first_not_of('\0') != std::string::npos;
}

/// A bridge none of whose ports has a carrier stays down, and that is as it should be.
bool has_come_up(const Network& network, const LinkName& name)
{
    const Link* bridge = find(network, name);
    if (bridge == nullptr || bridge->running || has_spanning_tree(*bridge)) {
        return true;
    }
    const auto ports = ports_of(network, *bridge);
    return std::ranges::none_of(ports, [](const Link* port) { return port->up && port->carrier; });
}

/// From `confirmed` on nobody undoes the change; who dies before it is closed has not written its files. What
/// NetworkManager would take back later cannot be confirmed.
Result<void> end_kept(txn::Journal& journal, const Keeper& keeper)
{
    if (auto dropped = drop_checkpoint(journal.record().directory); !dropped) {
        return dropped;
    }
    if (auto entered = journal.enter(txn::State::confirmed); !entered) {
        return entered;
    }
    if (keeper.fulfil) {
        keeper.fulfil(journal.record().directory);
    }
    end_truce(journal.record());
    (void)journal.enter(txn::State::closed);
    return {};
}

/// What the watchdog knows of the transaction: what lies on the disk, and where that has gone, what lay there once the
/// change was made.
class Memory {
public:
    explicit Memory(std::filesystem::path directory) : directory_(std::move(directory)) {}

    void refresh()
    {
        if (auto read = txn::read_record(directory_)) {
            record_ = std::move(*read);
        }
    }

    [[nodiscard]] Result<txn::Record> record() const
    {
        auto read = txn::read_record(directory_);
        return read || !record_ ? std::move(read) : *record_;
    }

private:
    std::filesystem::path directory_;
    std::optional<txn::Record> record_;
};

Result<void> keep_record(const Result<txn::Record>& record, const Keeper& keeper)
{
    auto journal = record ? txn::Journal::adopt(*record) : Result<txn::Journal>{record.error()};
    return journal ? end_kept(*journal, keeper) : std::move(journal).error();
}

/// One run, under the locks.
class Run {
public:
    Run(RouteSocket& route, const Undertaking& undertaking, const Planner& planner, const Talk& talk)
        : route_(route), undertaking_(undertaking), planner_(planner), talk_(talk), domain_(route, undertaking.here)
    {
    }

    /// Called in the watchdog if we die once the change is made.
    void when_left_alone(std::function<void()> act) { left_alone_ = std::move(act); }

    Result<Change> go()
    {
        if (auto recovered = recover(); !recovered) {
            return recovered.error();
        }
        const auto network = route_.observe();
        if (!network) {
            return network.error();
        }
        auto plan = planner_(*network);
        if (!plan || plan->empty()) {
            return plan ? Change{} : Result<Change>{std::move(plan).error()};
        }
        const Keeper& keeper = undertaking_.keeper;
        if (auto fit = keeper.foresee ? keeper.foresee(*network, *plan) : Result<void>{}; !fit) {
            return std::move(fit).error();
        }
        watched_ = undertaking_.trial.decide || is_to_be_watched(*network, *plan);
        return make(std::move(*plan));
    }

private:
    Result<void> recover()
    {
        const auto recovery = undo_orphans(undertaking_.places, tool, domain_);
        if (!recovery) {
            return recovery.error();
        }
        std::ranges::for_each(sentences(*recovery), talk_.warn);
        if (undertaking_.keeper.recover) {
            undertaking_.keeper.recover();
        }
        return {};
    }

    Result<Change> make(Plan plan)
    {
        auto journal = txn::Journal::begin(undertaking_.places, {tool, undertaking_.command_line});
        if (!journal) {
            return journal.error();
        }
        std::optional<txn::Watchdog> watchdog;
        const auto& directory = journal->record().directory;
        if (watched_) {
            if (auto second = take_checkpoint(plan, directory, undertaking_.trial.timeout); !second) {
                talk_.warn(second.error().message + ": the change has net-setup's own way back alone");
            }
            auto armed = arm(*journal);
            if (!armed) {
                end_checkpoint(directory, {});
                journal->discard();
                return armed.error();
            }
            watchdog.emplace(std::move(*armed));
        }
        auto outcome = txn::execute(*journal,
                                    domain_,
                                    std::span<const Step>{plan},
                                    {.interrupted = talk_.interrupted, .announce = talk_.announce});
        if (!outcome.ok() && talk_.locate && !domain_.last_origin().empty()) {
            outcome.failure = talk_.locate(std::move(*outcome.failure), domain_.last_origin());
        }
        if (outcome.ok()) {
            if (auto ended = verify_and_end(plan, *journal, watchdog); !ended) {
                return finish_failed(std::move(ended).error(), *journal, watchdog);
            }
        }
        if (!outcome.ok()) {
            end_checkpoint(directory, outcome.left_behind);
            dismiss(watchdog);
            return txn::to_error(outcome);
        }
        (void)txn::prune(undertaking_.places, tool);
        return Change{std::move(plan), journal->id()};
    }

    Result<txn::Watchdog> arm(txn::Journal& journal)
    {
        const auto memory = std::make_shared<Memory>(journal.record().directory);
        const txn::Duty duty{
            .id = journal.id(),
            .socket = watchdog_socket(undertaking_.places),
            .timeout = undertaking_.trial.timeout,
            .keep = [memory, &keeper = undertaking_.keeper] { return keep_record(memory->record(), keeper); },
            .undo = [memory, here = undertaking_.here] { return undo_record(memory->record(), here); },
            .applied =
                [memory, directory = journal.record().directory, timeout = undertaking_.trial.timeout] {
                    memory->refresh();
                    (void)put_off_checkpoint(directory, timeout);  // it was taken for longer than that
                },
            .extended = [directory = journal.record().directory](
                            std::chrono::milliseconds left) { return put_off_checkpoint(directory, left); },
            .left_alone = left_alone_};
        if (auto entered = journal.enter(txn::State::armed); !entered) {
            return entered.error();
        }
        return arm_watchdog(duty, talk_.warn);
    }

    /// Without a watchdog the change stays. With one it stays, or not, by what was decided.
    Result<void> verify_and_end(const Plan& plan, txn::Journal& journal, std::optional<txn::Watchdog>& watchdog)
    {
        const auto verified = verify(plan);
        if (!verified) {
            return verified.error();
        }
        const Keeper& keeper = undertaking_.keeper;
        if (auto prepared = keeper.prepare ? keeper.prepare(*verified, journal.record().directory) : Result<void>{};
            !prepared) {
            return prepared;
        }
        if (!watchdog) {
            return keeper.fulfil || has_truce(journal.record()) ? end_kept(journal, keeper)
                                                                : journal.enter(txn::State::closed);
        }
        if (auto entered = journal.enter(txn::State::verified); !entered) {
            return entered;
        }
        if (auto told = watchdog->applied(); !told) {
            return told;
        }
        const auto& decide = undertaking_.trial.decide;
        const auto decision = decide ? decide(journal.id(), watchdog->fd()) : Decision::keep;
        const auto verdict = decision == Decision::keep   ? watchdog->keep()
                             : decision == Decision::look ? watchdog->verdict()
                                                          : watchdog->undo();
        if (!verdict) {
            watchdog.reset();  // waits for its end: who still ends counts as alive
            return outlived_watchdog(journal, verdict.error());
        }
        watchdog.reset();
        ended_ = true;
        const bool undone = verdict->kind == txn::Verdict::Kind::undone;
        return undone && decision == Decision::interrupt
                   ? Error{ErrorCode::interrupted, "interrupted: the change is undone"}
                   : judged(*verdict);
    }

    /// It may have died after the change was confirmed: then what it was to write is written here.
    Result<void> outlived_watchdog(const txn::Journal& journal, const Error& death)
    {
        const auto record = txn::read_record(journal.record().directory);
        if (!record || record->state != txn::State::confirmed) {
            return death;
        }
        ended_ = true;
        return keep_record(record, undertaking_.keeper);
    }

    /// Its words for a change on trial that was not kept.
    Result<void> judged(const txn::Verdict& verdict) const { return txn::judged(verdict, undertaking_.trial.timeout); }

    Result<Change> finish_failed(Error failure, txn::Journal& journal, std::optional<txn::Watchdog>& watchdog)
    {
        if (ended_) {
            return failure;
        }
        const txn::Outcome outcome{std::move(failure), txn::roll_back(journal, domain_)};
        end_checkpoint(journal.record().directory, outcome.left_behind);
        dismiss(watchdog);
        return txn::to_error(outcome);
    }

    static void dismiss(std::optional<txn::Watchdog>& watchdog)
    {
        if (watchdog) {
            watchdog->dismiss();
        }
    }

    /// What the network still lacks after the plan was carried out; empty: nothing.
    Result<std::string> lacking(const Network& network, const Plan& plan)
    {
        if (talk_.interrupted()) {
            return Error{ErrorCode::interrupted, "interrupted"};
        }
        const auto rest = planner_(network);
        if (!rest) {
            return rest.error();
        }
        if (!rest->empty()) {
            return fmt::format("'{}' is still, or again, to be done", describe(rest->front().action));
        }
        for (const LinkName& name : created_by(plan)) {
            if (!has_come_up(network, name)) {
                return fmt::format("'{}' does not come up", name.str());
            }
        }
        return std::string{};
    }

    /// The network as it is once all is as wanted.
    Result<Network> verify(const Plan& plan)
    {
        std::string missing;
        const auto reached = [&](const Network& network) -> Result<bool> {
            auto answer = lacking(network, plan);
            if (!answer) {
                return std::move(answer).error();
            }
            missing = std::move(*answer);
            return missing.empty();
        };
        auto waited = route_.wait_until(reached, Deadline::after(undertaking_.patience));
        if (waited || waited.error().code == ErrorCode::interrupted) {
            return waited;
        }
        const auto cause = waited.error().code == ErrorCode::timeout ? missing : waited.error().message;
        return Error{ErrorCode::rolled_back,
                     fmt::format("cannot keep the change: {}", cause),
                     "another program may be changing the same links: NetworkManager, systemd-networkd, ifupdown"};
    }

    RouteSocket& route_;
    const Undertaking& undertaking_;
    const Planner& planner_;
    const Talk& talk_;
    LinkDomain domain_;
    std::function<void()> left_alone_;
    bool watched_ = false;  ///< A watchdog is armed for it.
    bool ended_ = false;    ///< The watchdog has ended the transaction.
};

}  // namespace

std::filesystem::path watchdog_socket(const txn::Places& places)
{
    return places.runtime / ("watchdog." + tool);
}

Result<Change> carry_out(RouteSocket& route, const Undertaking& undertaking, const Planner& planner, const Talk& talk)
{
    if (auto allowed = check_may_change_links(); !allowed) {
        return allowed.error();
    }
    const auto locks = txn::ChangeLocks::acquire(undertaking.places, "net-setup", undertaking.command_line);
    if (!locks) {
        return locks.error();
    }
    Run run{route, undertaking, planner, talk};
    run.when_left_alone([&] {
        locks->own.take_over(undertaking.command_line);
        locks->shared.take_over(undertaking.command_line);
    });
    return run.go();
}

}  // namespace kvmkit::net
