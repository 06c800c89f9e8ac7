// SPDX-License-Identifier: Apache-2.0
#include "setup/apply.hpp"

#include "setup/apt_locks.hpp"
#include "setup/arrivals.hpp"
#include "setup/clean_up.hpp"
#include "setup/domain.hpp"
#include "setup/installer.hpp"
#include "setup/judged.hpp"
#include "setup/kept_plan.hpp"
#include "setup/login_last.hpp"
#include "setup/package_manager.hpp"
#include "setup/packages_left.hpp"
#include "setup/profile.hpp"
#include "setup/removals.hpp"
#include "setup/space.hpp"
#include "setup/undo_wait.hpp"
#include "txn/change_locks.hpp"
#include "txn/execute.hpp"
#include "txn/store.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

const std::string tool = "host-setup";

/// One run of apply, from the first look to the last.
class Application {
public:
    Application(Runner& runner, const Request& request, const Talk& talk, std::vector<Step> login_steps)
        : runner_(runner),
          request_(request),
          talk_(talk),
          limits_(logged(request.limits, request.places)),
          login_steps_(std::move(login_steps)),
          domain_({runner, request.top, limits_, talk.progress, request.image})
    {
    }

    Result<Done> run()
    {
        const UndoWait wait{request_.top, limits_.lock_wait, talk_.note, talk_.interrupted};
        const auto undone = clean_up_first(request_.places, wait, domain_, talk_.warn);
        if (!undone) {
            return undone.error();
        }
        headway_ = request_.saved ? headway_of(request_.places, *request_.saved) : Headway::none;
        begun_ = begun_by(request_, headway_);
        auto done = make_it_so();
        return done ? std::move(done) : after_undoing(std::move(done).error(), *undone);
    }

private:
    Result<Done> make_it_so()
    {
        auto now = judge();
        if (now) {
            now = as_planned(std::move(*now));
        }
        if (!now) {
            return std::move(now).error();
        }
        const bool repairs = is_to_be_repaired(request_, *now);
        if (now->plan.steps.empty() && now->mirror.steps.empty() && !repairs) {
            return done({}, std::move(*now));
        }
        if (!now->plan.missing.empty() || !now->mirror.steps.empty() || repairs) {
            now = judge_under_free_locks();
            if (now) {
                now = as_planned(std::move(*now));
            }
        }
        if (now && !now->mirror.steps.empty()) {
            if (auto proved = prove(*now); !proved) {
                return std::move(proved).error();
            }
        }
        return now ? change(std::move(*now)) : std::move(now).error();
    }

    Result<Judged> judge()
    {
        const auto root = Root::open(request_.top);
        if (!root) {
            return root.error();
        }
        auto wanted = wanted_of(request_.components, request_.tutorial, request_.catalogue);
        wanted.image = request_.image;
        auto host = observe(*root, runner_, wanted);
        if (!host) {
            return std::move(host).error();
        }
        if (auto served = check_tier(host->distribution); !served) {
            return std::move(served).error();
        }
        host->user = observe_user(*root, request_.user);
        if (!request_.image) {
            host->network.claims = claims();
        }
        auto plan = make_plan(*host, request_.components, request_.network);
        if (!plan) {
            return std::move(plan).error();
        }
        distribution_ = host->distribution;
        if (!request_.repair && begun_ && is_unfinished(host->packages) && left_by(*begun_, host->packages)) {
            talk_.note("dpkg was broken off in a run of host-setup's own: that is finished first");
            request_.repair = true;
        }
        Judged now{std::move(*host), std::move(*plan)};
        if (request_.mirror && !mirror_done_) {
            auto mirror = plan_mirror(*root, now.host, *request_.mirror);
            if (!mirror) {
                return std::move(mirror).error();
            }
            now.mirror = std::move(*mirror);
        }
        return now;
    }

    /// Whether a host of which a plan was saved is still as it was.
    [[nodiscard]] Result<Judged> as_planned(Judged now) const
    {
        if (!request_.saved) {
            return now;
        }
        const auto root = Root::open(request_.top);
        auto steps = steps_of(request_, now);
        steps.insert(steps.end(), login_steps_.begin(), login_steps_.end());
        auto same = root ? check_drift(*request_.saved, *root, now.host, steps, headway_) : Result<void>{root.error()};
        return same ? Result<Judged>{std::move(now)} : std::move(same).error();
    }

    Result<void> prove(const Judged& now)
    {
        if (now.mirror.wish.archive.empty()) {
            return {};
        }
        talk_.note(fmt::format("trying {} in folders of its own", now.mirror.wish.archive));
        const ProofGround ground{runner_, request_.top, request_.mirror->shipped, limits_};
        return prove_mirror(ground, now.host, now.mirror, packages_to_prove(now));
    }

    /// Before all else: with a dpkg in the middle of something, apt only says so.
    Result<Judged> repair(txn::Journal& journal, const Judged& now)
    {
        std::vector<Step> steps{FinishPackages{}};
        if (is_to_be_held(now.host, request_.components)) {
            steps = {HoldLibvirt{}, FinishPackages{}, ReleaseLibvirt{}};
        }
        if (auto made = execute(journal, steps); !made) {
            return std::move(made).error();
        }
        auto after = judge();
        auto sound = after ? check_finished(after->host.packages) : Result<void>{};
        if (!after || !sound) {
            (void)txn::roll_back(journal, domain_);
            return after ? std::move(sound).error() : std::move(after).error();
        }
        return after;
    }

    /// First of all: what comes after it comes from there.
    Result<Judged> turn_to_mirror(txn::Journal& journal, const Judged& now)
    {
        if (auto made = execute(journal, now.mirror.steps); !made) {
            return std::move(made).error();
        }
        mirror_done_ = true;
        mirror_notes_ = now.mirror.notes;
        if (!domain_.update_problems().empty()) {
            talk_.warn(fmt::format("apt-get update could not read all sources:\n  {}",
                                   fmt::join(domain_.update_problems(), "\n  ")));
        }
        auto after = judge();
        if (!after) {
            (void)txn::roll_back(journal, domain_);
        }
        return after;
    }

    /// Whoever held the locks may have installed what was missing, or broken off.
    Result<Judged> judge_under_free_locks()
    {
        const auto installer = distribution_.installer;
        const auto watch = watch_for(installer, talk_.note, talk_.interrupted);
        if (auto free = wait_for_locks(request_.top, request_.limits.lock_wait, watch, installer); !free) {
            return std::move(free).error();
        }
        auto now = judge();
        if (now && !now->plan.missing.empty() && !request_.repair) {
            if (auto sound = check_finished(now->host.packages); !sound) {
                return std::move(sound).error();
            }
        }
        return now;
    }

    Result<Done> change(Judged now)
    {
        auto journal = begin_journal(request_);
        if (!journal) {
            return std::move(journal).error();
        }
        before_ = now.host.packages;
        if (is_to_be_repaired(request_, now)) {
            auto repaired = repair(*journal, now);
            if (!repaired) {
                return with_packages_left(std::move(repaired).error());
            }
            now = std::move(*repaired);
        }
        if (!now.mirror.steps.empty()) {
            auto turned = turn_to_mirror(*journal, now);
            if (!turned) {
                return std::move(turned).error();
            }
            now = std::move(*turned);
        }
        if (auto made = make(*journal, std::move(now)); !made) {
            return with_packages_left(std::move(made).error());
        }
        auto after = judge();
        if (after && request_.image && !after->plan.steps.empty()) {  // the packages may have brought its init system
            auto more = execute(*journal, after->plan.steps);
            after = more ? judge() : Result<Judged>{std::move(more).error()};
        }
        if (!after) {
            (void)txn::roll_back(*journal, domain_);
            return with_packages_left(std::move(after).error());
        }
        if (!after->plan.steps.empty()) {
            return with_packages_left(not_as_wanted(*journal, after->plan.steps.front()));
        }
        if (auto kept = keep_arrivals(*journal, expected_, before_, after->host); !kept) {
            talk_.warn(kept.error().message);
        }
        (void)journal->enter(txn::State::closed);
        (void)txn::prune(request_.places, tool);
        after->mirror.notes = mirror_notes_;
        return done(journal->id(), std::move(*after));
    }

    Done done(std::string transaction, Judged now)
    {
        auto packages =
            transaction.empty() ? std::vector<PackageChange>{} : changes_between(before_, now.host.packages);
        auto notes = notes_of(request_, now);
        return {std::move(transaction),
                std::move(made_),
                std::move(packages),
                std::move(now.host),
                std::move(notes),
                std::move(now.plan.relogin),
                std::move(now.plan.reboot)};
    }

    /// What uses IPv4 addresses here, if the network depends on it.
    Fact<std::vector<Ipv4Claim>> claims()
    {
        if (!request_.claims || !request_.components.contains(Component::network)) {
            return std::optional<std::vector<Ipv4Claim>>{};
        }
        auto found = request_.claims();
        return found ? Fact<std::vector<Ipv4Claim>>{std::move(*found)} : std::move(found).error();
    }

    /// The package lists first: only then it is known what the rest brings.
    Result<void> make(txn::Journal& journal, Judged now)
    {
        if (!now.plan.missing.empty()) {
            auto ready = refresh(journal, std::move(now));
            auto checked = ready ? check_price(journal, *ready) : Result<void>{ready.error()};
            if (!checked) {
                (void)txn::roll_back(journal, domain_);
                return checked;
            }
            now = std::move(*ready);
        }
        return execute(journal, now.plan.steps);
    }

    Result<Judged> refresh(txn::Journal& journal, Judged now)
    {
        if (needs_refresh(now.host, now.plan.missing)) {
            const std::vector<Step> first{RefreshLists{}};
            if (auto made = execute(journal, first); !made) {
                return std::move(made).error();
            }
            auto again = judge();
            if (!again) {
                return again;
            }
            now = std::move(*again);
        }
        const auto& problems = domain_.update_problems();
        if (auto known = check_candidates(now.host, now.plan.missing, problems); !known) {
            return std::move(known).error();
        }
        if (!problems.empty()) {
            talk_.warn(fmt::format(
                "{} could not read all sources:\n  {}", updater(distribution_), fmt::join(problems, "\n  ")));
        }
        std::erase_if(now.plan.steps, [](const Step& step) { return std::holds_alternative<RefreshLists>(step); });
        return now;
    }

    Result<void> check_price(const txn::Journal& journal, const Judged& now)
    {
        const auto installer = distribution_.installer;
        const auto price = open_manager(installer, runner_, limits_)->price(package_names(now.plan.missing));
        if (!price) {
            return price.error();
        }
        talk_.note(fmt::format(
            "{} packages: {} to fetch, {} on disk", price->install.size(), human(price->download), human(price->disk)));
        if (auto accepted = accept_removals(*price, request_.allow_remove, installer); !accepted) {
            return accepted;
        }
        if (!price->remove.empty()) {
            domain_.allow_removals();
            talk_.warn(fmt::format("packages that go: {}", fmt::join(price->remove, " ")));
        }
        if (request_.saved) {
            if (auto same = check_same_price(*request_.saved, *price, headway_); !same) {
                return same;
            }
        }
        if (auto enough = check_space(request_.top, *price, cache_of(installer)); !enough) {
            return enough;
        }
        expected_.take(*price);
        return request_.kept && !request_.saved ? keep_cost(journal, *price, *request_.kept) : Result<void>{};
    }

    Result<void> execute(txn::Journal& journal, const std::vector<Step>& steps)
    {
        const txn::Watch watch{.interrupted = talk_.interrupted, .announce = talk_.note};
        const auto outcome = txn::execute(journal, domain_, std::span<const Step>{steps}, watch);
        if (!outcome.ok()) {
            return txn::to_error(outcome);
        }
        made_.insert(made_.end(), steps.begin(), steps.end());
        expected_.take(steps);
        return {};
    }

    /// Every step reported success, and the host is not what was asked for: all is undone.
    Error not_as_wanted(txn::Journal& journal, const Step& step)
    {
        Error error{ErrorCode::rolled_back,
                    fmt::format("cannot finish: all steps were made, and '{}' is still to be done", describe(step))};
        return txn::to_error({std::move(error), txn::roll_back(journal, domain_)});
    }

    /// A failure that left packages behind is told with them.
    Error with_packages_left(Error error)
    {
        const auto root = Root::open(request_.top);
        const auto after = root ? read_packages(*root, runner_, distribution_) : Result<PackageTable>{root.error()};
        return after ? setup::with_packages_left(std::move(error), before_, *after) : error;
    }

    Runner& runner_;
    Request request_;
    const Talk& talk_;
    PackageLimits limits_;
    std::vector<Step> login_steps_;  ///< Of root's login, which is made later: they are a part of the plan.
    HostDomain domain_;
    Distribution distribution_;
    Headway headway_ = Headway::none;
    std::optional<SavedPlan> begun_;  ///< What an application that was taken back had begun to install.
    PackageTable before_;
    Expected expected_;
    std::vector<Step> made_;
    bool mirror_done_ = false;
    std::vector<std::string> mirror_notes_;
};

}  // namespace

Result<Done> apply(Runner& runner, const Request& request, const Talk& talk)
{
    const auto locks = txn::ChangeLocks::acquire(request.places, "host-setup", request.command_line);
    if (!locks) {
        return locks.error();
    }
    auto login = foresee_root_login(runner, request);
    if (!login) {
        return std::move(login).error();
    }
    auto done = Application{runner, request, talk, std::move(*login)}.run();
    return done && request.root_login ? let_root_in(runner, request, talk, std::move(*done)) : done;
}

}  // namespace kvmkit::setup
