// SPDX-License-Identifier: Apache-2.0
#include "net/history.hpp"

#include "net/domain.hpp"
#include "net/handover/staying.hpp"
#include "net/nm/truce.hpp"
#include "net/planner/outlook.hpp"
#include "net/watched.hpp"
#include "system/clock.hpp"
#include "txn/change_locks.hpp"
#include "txn/execute.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

const std::string tool = "net-setup";

/// Where a change was made; absent if it has nothing to undo.
std::optional<NetNamespace> place_of(const txn::Record& record)
{
    for (const txn::StepRecord& step : record.steps) {
        if (!step.undo.empty()) {
            return namespace_of(step.undo);
        }
    }
    return std::nullopt;
}

/// What undoes its steps, in the order in which it is made.
Plan undoing(const txn::Record& record)
{
    Plan plan;
    for (const std::size_t index : txn::still_to_undo(record)) {
        if (auto undo = LinkDomain::decode(record.steps.at(index).undo)) {
            plan.push_back(std::move(*undo));
        }
    }
    return plan;
}

Error cannot_undo(const std::string& id, const std::string& cause, std::string hint)
{
    return {ErrorCode::refused, fmt::format("cannot undo change {}: {}", id, cause), std::move(hint)};
}

/// A VM's tap, say, that came to a bridge after the change and would hang on nothing once that is undone.
Result<void> check_ports(const Network& network, const Plan& undoing, const std::string& id)
{
    const Network after = outlook(network, undoing);
    const auto freed = [&undoing](const LinkName& port) {
        return std::ranges::any_of(undoing, [&port](const Step& step) {
            const auto* release = std::get_if<Release>(&step.action);
            const auto* handover = std::get_if<Handover>(&step.action);
            return (release != nullptr && release->port == port) || (handover != nullptr && handover->port == port);
        });
    };
    for (const Link& link : network.links) {
        if (!link.is_bridge() || find(after, link.name) != nullptr) {
            continue;
        }
        for (const Link* port : ports_of(network, link)) {
            if (find(after, port->name) != nullptr && !freed(port->name)) {
                return cannot_undo(
                    id,
                    fmt::format("'{}' would go, and '{}' is its port since", link.name.str(), port->name.str()),
                    fmt::format(
                        "'net-setup lan-bridge NIC --back' leaves such a bridge, 'net-setup bridge del {}' frees "
                        "its ports",
                        link.name.str()));
            }
        }
    }
    return {};
}

bool is_lasting(const Link& link, const InterfaceAddress& address)
{
    return !address.is_ipv6_link_local() && std::ranges::find(link.leased, address) == link.leased.end();
}

/// Addresses that came since to what goes, or becomes a port: undoing knows those alone that were there before.
Result<void> check_addresses(const Network& network, const Plan& undoing, const std::string& id)
{
    const Network after = outlook(network, undoing);
    for (const Step& step : undoing) {
        const auto* back = std::get_if<Handover>(&step.action);
        const bool leaves_bridge = back != nullptr && back->direction == Direction::to_port;
        const Link* giver = back != nullptr ? find(network, leaves_bridge ? back->bridge : back->port) : nullptr;
        const auto known = giver != nullptr ? parse_snapshot(back->snapshot) : Result<Snapshot>{Error{}};
        if (!known || (leaves_bridge && find(after, giver->name) != nullptr)) {
            continue;
        }
        const auto moves = [&known](const InterfaceAddress& address) {
            return std::ranges::any_of(known->addresses,
                                       [&](const Packet& packet) { return told_address(packet) == address; });
        };
        for (const InterfaceAddress& address : giver->addresses) {
            if (is_lasting(*giver, address) && !moves(address)) {
                return cannot_undo(id,
                                   fmt::format("'{}' has {} since, which would go", giver->name.str(), address.str()),
                                   fmt::format("to move what is there now: net-setup lan-bridge {}{}",
                                               back->port.str(),
                                               leaves_bridge ? " --back" : ""));
            }
        }
    }
    return {};
}

/// The record of that id, or the newest one that stands and was made here.
Result<txn::Record> chosen(const txn::Inventory& inventory, const std::string& id, const NetNamespace& here)
{
    const txn::Record* newest = nullptr;
    const txn::Record* wanted = nullptr;
    for (const txn::Record& record : inventory.records) {
        const auto place = place_of(record);
        const bool ours = place && place->is_same(here);
        newest = record.stands() && ours ? &record : newest;
        wanted = record.id == id ? &record : wanted;
    }
    wanted = id.empty() ? newest : wanted;
    if (wanted == nullptr) {
        return Error{ErrorCode::not_found,
                     id.empty() ? "there is no change to undo here" : fmt::format("there is no change {}", id),
                     "'net-setup history' lists the changes"};
    }
    if (!wanted->stands()) {
        return cannot_undo(
            wanted->id, fmt::format("it is {}", txn::word(wanted->state)), "'net-setup history' lists the changes");
    }
    const auto place = place_of(*wanted);
    if (!place || !place->is_same(here)) {
        return cannot_undo(wanted->id,
                           "it was made in another network namespace, or changed nothing",
                           "run net-setup there: --netns NAME");
    }
    if (newest != wanted) {
        return cannot_undo(wanted->id,
                           fmt::format("{} was made on top of it", newest->id),
                           fmt::format("net-setup undo {}", newest->id));
    }
    return *wanted;
}

/// The undoing of one change.
class Undoing {
public:
    Undoing(RouteSocket& route, const Undertaking& undertaking, const txn::Record& record, const Plan& plan)
        : undertaking_(undertaking), record_(record), links_(links_in(plan)), domain_(route, undertaking.here)
    {
    }

    /// From now on somebody goes on where this process is killed.
    Result<void> have_watched(const std::function<void(const std::string&)>& warn)
    {
        const txn::Duty duty{.id = record_.id,
                             .socket = watchdog_socket(undertaking_.places),
                             .keep =
                                 [] {
                                     return Result<void>{Error{ErrorCode::refused, "it is being undone"}};
                                 },
                             .undo = [this] { return go_on(); }};
        auto watchdog = arm_watchdog(duty, warn);
        if (!watchdog) {
            return std::move(watchdog).error();
        }
        watchdog_.emplace(std::move(*watchdog));
        return {};
    }

    /// First the files that keep it, then the links.
    Result<void> make(txn::Journal& journal)
    {
        auto undone = files();
        if (undone) {
            renew_truce(links_);
            const auto left = txn::roll_back(journal, domain_);
            undone = left.empty()
                         ? undone
                         : Error{ErrorCode::damaged,
                                 fmt::format("could not undo all of {}:\n  {}", record_.id, fmt::join(left, "\n  "))};
        }
        if (watchdog_) {
            watchdog_->dismiss();
        }
        return undone;
    }

private:
    Result<void> files()
    {
        const auto& keeper = undertaking_.keeper;
        return keeper.take_back ? keeper.take_back(record_.id, links_) : Result<void>{};
    }

    /// In the watchdog, wherever the undoing was broken off.
    Result<void> go_on()
    {
        if (undertaking_.keeper.recover) {
            undertaking_.keeper.recover();
        }
        const auto taken_back = files();
        renew_truce(links_);
        auto undone = undo_record(txn::read_record(record_.directory), undertaking_.here);
        return undone ? taken_back : undone;
    }

    const Undertaking& undertaking_;
    const txn::Record& record_;
    std::vector<LinkName> links_;
    LinkDomain domain_;
    std::optional<txn::Watchdog> watchdog_;
};

}  // namespace

Result<txn::Inventory> history(const txn::Places& places)
{
    return txn::read_all_records(places, tool);
}

Result<Recovery> undo_half_made(RouteSocket& route, const Undertaking& undertaking, const std::string& id)
{
    if (auto allowed = check_may_change_links(); !allowed) {
        return allowed.error();
    }
    const auto locks = txn::ChangeLocks::acquire(undertaking.places, "net-setup", undertaking.command_line);
    const auto inventory = locks ? history(undertaking.places) : Result<txn::Inventory>{locks.error()};
    if (!inventory) {
        return inventory.error();
    }
    const auto open = txn::orphans(*inventory);
    if (!id.empty() && std::ranges::none_of(open, [&id](const txn::Record& record) { return record.id == id; })) {
        return Error{ErrorCode::not_found,
                     fmt::format("change {} is not half made", id),
                     "'net-setup history' lists the changes"};
    }
    LinkDomain domain{route, undertaking.here};
    return undo_orphans(undertaking.places, tool, domain);
}

Result<std::string> undo_change(RouteSocket& route,
                                const Undertaking& undertaking,
                                const std::string& id,
                                const UndoTalk& talk)
{
    if (auto allowed = check_may_change_links(); !allowed) {
        return allowed.error();
    }
    const auto locks = txn::ChangeLocks::acquire(undertaking.places, "net-setup", undertaking.command_line);
    if (!locks) {
        return locks.error();
    }
    if (undertaking.keeper.recover) {
        undertaking.keeper.recover();
    }
    const auto inventory = history(undertaking.places);
    const auto record = inventory ? chosen(*inventory, id, undertaking.here) : Result<txn::Record>{inventory.error()};
    if (!record) {
        return record.error();
    }
    const auto boot = boot_id();
    if (!boot || *boot != record->owner.boot_id) {
        return cannot_undo(record->id, "it ended with the last boot", "'net-setup show' tells what is there now");
    }
    const auto plan = undoing(*record);
    const auto network = route.observe();
    if (!network) {
        return network.error();
    }
    if (auto against = talk.objection(*network, plan)) {
        return std::move(*against);
    }
    if (auto free = check_ports(*network, plan, record->id); !free) {
        return std::move(free).error();
    }
    if (auto free = check_addresses(*network, plan, record->id); !free) {
        return std::move(free).error();
    }
    auto journal = txn::Journal::adopt(*record);
    if (!journal) {
        return journal.error();
    }
    Undoing work{route, undertaking, *record, plan};
    const bool watched = is_to_be_watched(*network, plan);
    auto undone = watched ? work.have_watched(talk.warn) : Result<void>{};
    undone = undone ? work.make(*journal) : undone;
    if (!undone) {
        return std::move(undone).error();
    }
    return record->id;
}

}  // namespace kvmkit::net
