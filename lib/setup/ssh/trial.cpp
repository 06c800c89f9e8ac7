// SPDX-License-Identifier: Apache-2.0
#include "setup/ssh/trial.hpp"

#include "setup/clean_up.hpp"
#include "setup/domain.hpp"
#include "setup/ssh/config.hpp"
#include "setup/ssh/login_mark.hpp"
#include "setup/ssh/sshd.hpp"
#include "system/files.hpp"
#include "txn/change_locks.hpp"
#include "txn/execute.hpp"
#include "txn/scope.hpp"
#include "txn/watchdog.hpp"

#include <poll.h>
#include <algorithm>

#include <array>
#include <optional>
#include <span>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

const std::string tool = "host-setup";

std::filesystem::path mark_file(const txn::Places& places)
{
    return places.runtime / "login.host-setup";
}

/// Whose login it is, and when: one that began before this proves nothing.
Result<void> note_login(const txn::Places& places)
{
    return write_atomically(mark_file(places), encode(this_login()), 0600);
}

Result<void> keep_record(const std::filesystem::path& directory)
{
    const auto record = txn::read_record(directory);
    auto journal = record ? txn::Journal::adopt(*record) : Result<txn::Journal>{record.error()};
    return journal ? journal->enter(txn::State::confirmed) : journal.error();
}

Result<void> undo_record(const std::filesystem::path& directory)
{
    const auto record = txn::read_record(directory);
    auto journal = record ? txn::Journal::adopt(*record) : Result<txn::Journal>{record.error()};
    if (!journal) {
        return journal.error();
    }
    SystemRunner runner;
    HostDomain domain{{runner}};
    const auto left = txn::roll_back(*journal, domain);
    return left.empty() ? Result<void>{}
                        : Error{ErrorCode::damaged, fmt::format("could not undo:\n  {}", fmt::join(left, "\n  "))};
}

/// All settings of PermitRootLogin but ours, in sshd's order: one of them won.
std::string who_else_sets_it(const Root& root)
{
    std::vector<std::string> places;
    for (const SshdSetting& setting : read_sshd_config(root)) {
        if (setting.keyword == "permitrootlogin" && setting.file != root_login_path) {
            places.push_back(describe(setting));
        }
    }
    return places.empty() ? "" : fmt::format("\n  it is set at {}", fmt::join(places, "\n  and at "));
}

class Trial {
public:
    Trial(Runner& runner, const RootLoginRequest& request, const Talk& talk)
        : runner_(runner),
          request_(request),
          talk_(talk),
          domain_({runner, "/", logged(request.limits, request.places)})
    {
    }

    Result<RootLoginDone> run()
    {
        const UndoWait wait{"/", request_.limits.lock_wait, talk_.note, talk_.interrupted};
        const auto undone = clean_up_first(request_.places, wait, domain_, talk_.warn);
        if (!undone) {
            return undone.error();
        }
        auto done = change();
        return done ? std::move(done) : after_undoing(std::move(done).error(), *undone);
    }

private:
    Result<RootLoginDone> change()
    {
        const auto root = Root::open("/");
        const auto ready = root ? prepare_sshd(*root) : Result<void>{root.error()};
        auto plan = ready ? plan_root_login(runner_, *root, request_.order.wish) : Result<RootLoginPlan>{ready.error()};
        if (!plan) {
            return std::move(plan).error();
        }
        if (plan->steps.empty()) {
            return RootLoginDone{{}, {}, std::move(plan->notes)};
        }
        for (const std::string& note : plan->notes) {
            talk_.warn(note);
        }
        return make(std::move(*plan));
    }

    Result<RootLoginDone> make(RootLoginPlan plan)
    {
        auto journal = txn::Journal::begin(request_.places, {tool, request_.command_line});
        if (!journal) {
            return std::move(journal).error();
        }
        auto watchdog = arm(*journal);
        if (!watchdog) {
            journal->discard();
            return std::move(watchdog).error();
        }
        const txn::Watch watch{.interrupted = talk_.interrupted, .announce = talk_.note};
        const auto outcome = txn::execute(*journal, domain_, std::span<const Step>{plan.steps}, watch);
        if (!outcome.ok()) {
            watchdog->dismiss();
            return explained(txn::to_error(outcome));
        }
        if (auto entered = journal->enter(txn::State::verified); !entered) {
            return entered.error();
        }
        if (auto told = watchdog->applied(); !told) {
            return txn::to_error({told.error(), txn::roll_back(*journal, domain_)});
        }
        (void)note_login(request_.places);  // from now on logins go by what was changed
        talk_.warn(
            fmt::format("the change is made. 'host-setup confirm {}' from a new login keeps it; it is undone in {} s",
                        journal->id(),
                        request_.order.confirm_within.count() / 1000));
        if (auto kept = wait(*watchdog, journal->record().directory); !kept) {
            return std::move(kept).error();
        }
        (void)txn::prune(request_.places, tool);
        return RootLoginDone{journal->id(), std::move(plan.steps), {}};
    }

    Result<txn::Watchdog> arm(txn::Journal& journal)
    {
        if (auto written = note_login(request_.places); !written) {
            return written.error();
        }
        if (auto entered = journal.enter(txn::State::armed); !entered) {
            return entered.error();
        }
        const auto directory = journal.record().directory;
        const txn::Duty duty{.id = journal.id(),
                             .socket = trial_socket(request_.places),
                             .timeout = request_.order.confirm_within,
                             .keep = [directory] { return keep_record(directory); },
                             .undo = [directory] { return undo_record(directory); },
                             .left_alone = {}};
        auto watchdog = txn::Watchdog::arm(duty);
        if (watchdog) {
            const auto unit = fmt::format("{}-{}.scope", tool, journal.id());
            if (auto moved = txn::move_to_own_scope(runner_, watchdog->pid(), unit); !moved) {
                talk_.warn(moved.error().message + "; it would end with this session's processes");
            }
        }
        return watchdog;
    }

    /// Until somebody decides, or a signal asks to stop. ENTER decides nothing here: who made the change is in already.
    Result<void> wait(txn::Watchdog& watchdog, const std::filesystem::path& directory)
    {
        for (;;) {
            std::array<pollfd, 1> waiting{pollfd{watchdog.fd(), POLLIN, 0}};
            constexpr int slice_ms = 500;
            const bool decided = ::poll(waiting.data(), waiting.size(), slice_ms) > 0;
            if (!decided && !talk_.interrupted()) {
                continue;
            }
            const auto verdict = decided ? watchdog.verdict() : watchdog.undo();
            return verdict ? judged(*verdict) : outlived_watchdog(directory, verdict.error());
        }
    }

    /// It may have died after the change was confirmed: then it stays.
    static Result<void> outlived_watchdog(const std::filesystem::path& directory, const Error& death)
    {
        const auto record = txn::read_record(directory);
        if (record && record->state == txn::State::confirmed) {
            return {};
        }
        const auto undone = undo_record(directory);
        return Error{undone ? ErrorCode::rolled_back : ErrorCode::damaged,
                     fmt::format("{}: {}", death.message, undone ? "the change is undone" : undone.error().message)};
    }

    [[nodiscard]] Result<void> judged(const txn::Verdict& verdict) const
    {
        auto kept = txn::judged(verdict, request_.order.confirm_within);
        if (!kept && verdict.kind == txn::Verdict::Kind::timed_out) {
            kept.error().hint = "log in anew, as root by ssh, and run there: host-setup confirm";
        }
        return kept;
    }

    static Error explained(Error error)
    {
        const auto root = Root::open("/");
        if (error.code == ErrorCode::rolled_back && root) {
            error.message += who_else_sets_it(*root);
            error.hint = "take that line out, or change it there; ours is undone";
        }
        return error;
    }

    Runner& runner_;
    const RootLoginRequest& request_;
    const Talk& talk_;
    HostDomain domain_;
};

}  // namespace

std::filesystem::path trial_socket(const txn::Places& places)
{
    return places.runtime / ("watchdog." + tool);
}

Result<RootLoginDone> change_root_login(Runner& runner, const RootLoginRequest& request, const Talk& talk)
{
    const auto locks = txn::ChangeLocks::acquire(request.places, "host-setup", request.command_line);
    if (!locks) {
        return locks.error();
    }
    return change_root_login_locked(runner, request, talk);
}

Result<RootLoginDone> change_root_login_locked(Runner& runner, const RootLoginRequest& request, const Talk& talk)
{
    return Trial{runner, request, talk}.run();
}

Result<void> check_new_login(const txn::Places& places)
{
    std::error_code problem;
    if (!std::filesystem::exists(trial_socket(places), problem)) {
        return {};
    }
    const auto root = Root::open("/");
    const auto text = root ? root->read(mark_file(places).string().substr(1)) : Fact<std::string>{root.error()};
    const auto maker = text && *text ? decode_login_mark(**text) : LoginMark{};
    const auto login = this_login();
    const bool same = maker.pid != 0 && maker.same_login(login);
    if (!same && !login.began_before(maker)) {
        return {};
    }
    return Error{ErrorCode::refused,
                 fmt::format("refused to confirm: this {}, so it does not show that a new one works",
                             same ? "is the login that made the change" : "login began before the change was made"),
                 "open another connection, as root, and run host-setup confirm there"};
}

}  // namespace kvmkit::setup
