// SPDX-License-Identifier: Apache-2.0
#include "net/change.hpp"

#include "net/domain.hpp"
#include "net/recovery.hpp"
#include "txn/execute.hpp"
#include "txn/lock.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

const std::string tool = "net-setup";

/// The bridges that a plan creates. They run as soon as a port does; one that others made may have a spanning tree, and
/// then it takes its time.
std::vector<LinkName> created_by(const Plan& plan)
{
    std::vector<LinkName> names;
    for (const Step& step : plan) {
        if (const auto* create = std::get_if<CreateBridge>(&step.action)) {
            names.push_back(create->name);
        }
    }
    return names;
}

/// A bridge none of whose ports has a carrier stays down, and that is as it should be.
bool has_come_up(const Network& network, const LinkName& name)
{
    const Link* bridge = find(network, name);
    if (bridge == nullptr || bridge->running) {
        return true;
    }
    const auto ports = ports_of(network, *bridge);
    return std::ranges::none_of(ports, [](const Link* port) { return port->up && port->carrier; });
}

/// One run, under the locks.
class Run {
public:
    Run(RouteSocket& route, const Undertaking& undertaking, const Planner& planner, const Talk& talk)
        : route_(route), undertaking_(undertaking), planner_(planner), talk_(talk), domain_(route, undertaking.here)
    {
    }

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
        return make(std::move(*plan));
    }

private:
    Result<void> recover()
    {
        const auto recovery = undo_orphans(undertaking_.places, tool, domain_);
        if (!recovery) {
            return recovery.error();
        }
        for (const std::string& id : recovery->undone) {
            talk_.warn(txn::undone_sentence(id));
        }
        std::ranges::for_each(recovery->elsewhere, talk_.warn);
        std::ranges::for_each(recovery->failed, talk_.warn);
        return {};
    }

    Result<Change> make(Plan plan)
    {
        auto journal = txn::Journal::begin(undertaking_.places, {tool, undertaking_.command_line});
        if (!journal) {
            return journal.error();
        }
        auto outcome = txn::execute(*journal,
                                    domain_,
                                    std::span<const Step>{plan},
                                    {.interrupted = talk_.interrupted, .announce = talk_.announce});
        if (outcome.ok()) {
            if (auto verified = verify(plan); !verified) {
                outcome = {std::move(verified).error(), txn::roll_back(*journal, domain_)};
            } else if (auto closed = journal->enter(txn::State::closed); !closed) {
                outcome = {std::move(closed).error(), txn::roll_back(*journal, domain_)};
            }
        }
        if (!outcome.ok()) {
            return txn::to_error(outcome);
        }
        (void)txn::prune(undertaking_.places, tool);
        return Change{std::move(plan), journal->id()};
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

    Result<void> verify(const Plan& plan)
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
};

}  // namespace

Result<Change> carry_out(RouteSocket& route, const Undertaking& undertaking, const Planner& planner, const Talk& talk)
{
    if (auto allowed = check_may_change_links(); !allowed) {
        return allowed.error();
    }
    const auto own = txn::Lock::acquire(undertaking.places, "lock." + tool, undertaking.command_line);
    if (!own) {
        return own.error();
    }
    const auto shared = txn::Lock::acquire(undertaking.places, "lock", undertaking.command_line);
    if (!shared) {
        return shared.error();
    }
    return Run{route, undertaking, planner, talk}.go();
}

}  // namespace kvmkit::net
