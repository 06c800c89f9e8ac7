// SPDX-License-Identifier: Apache-2.0
#include "setup/history.hpp"

#include "base/text.hpp"
#include "setup/choice.hpp"
#include "setup/clean_up.hpp"
#include "setup/domain.hpp"
#include "setup/leaving.hpp"
#include "setup/package_manager.hpp"
#include "setup/package_work.hpp"
#include "setup/undo_wait.hpp"
#include "system/small_files.hpp"
#include "txn/change_locks.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

const std::string tool = "host-setup";

HostDomain domain_of(Runner& runner, const UndoRequest& request)
{
    return HostDomain{{runner, request.top, logged(request.limits, request.places), {}, request.image}};
}

UndoWait wait_of(const UndoRequest& request)
{
    return {request.top, request.limits.lock_wait, request.note};
}

std::vector<Step> inverses(const txn::Record& record)
{
    std::vector<Step> steps;
    for (const txn::StepRecord& step : record.steps) {
        auto inverse = step.undo.empty() ? Result<Step>{Error{}} : decode(step.undo);
        if (inverse && !step.undone) {
            steps.push_back(std::move(*inverse));
        }
    }
    return steps;
}

/// Services, modules and the device are what VMs run on; files are read when something starts.
bool vms_depend_on(const Step& step)
{
    return std::holds_alternative<ChangeUnit>(step) || std::holds_alternative<UnloadModule>(step) ||
           std::holds_alternative<RemoveDevice>(step) || std::holds_alternative<SetDeviceOwner>(step) ||
           std::holds_alternative<RemoveGroup>(step) || std::holds_alternative<ChangeNetwork>(step);
}

bool installed_packages(const txn::Record& record)
{
    return package_work(record) == PackageWork::packages;
}

Result<void> check_vms(const Root& root, const txn::Record& record)
{
    const auto steps = inverses(record);
    const auto vms = running_vms(root);
    const bool concerned = installed_packages(record) || std::ranges::any_of(steps, vms_depend_on);
    if (vms.empty() || !concerned) {
        return {};
    }
    return cannot_roll_back(record.id,
                            fmt::format("VMs run on what it brought: {}", fmt::join(vms, ", ")),
                            "shut them down first: vm-run list, virsh list");
}

/// A file that was written since is not overwritten with what it was before.
Result<void> check_files(const Root& root, const txn::Record& record)
{
    for (const Step& step : inverses(record)) {
        const auto* file = std::get_if<SetFile>(&step);
        if (file == nullptr || file->over.empty()) {
            continue;
        }
        const auto now = root.read(file->path);
        if (!now) {
            return now.error();
        }
        if (fingerprint(*now) != file->over) {
            return cannot_roll_back(record.id,
                                    fmt::format("/{} was edited since", file->path),
                                    fmt::format("host-setup show {}: what it did; take it back by hand", record.id));
        }
    }
    return {};
}

/// What came later may need by now what it brought.
Result<void> check_packages(const Root& root, Runner& runner, const PackageLimits& limits, const txn::Record& record)
{
    const auto distribution = detect_distribution(root);
    for (const Step& step : inverses(record)) {
        const auto* removal = std::get_if<RemovePackages>(&step);
        if (removal == nullptr || !distribution) {
            continue;
        }
        auto alone = open_manager(distribution->installer, runner, limits)->check_removal(removal->names);
        if (!alone) {
            return cannot_roll_back(record.id, alone.error().message, alone.error().hint);
        }
    }
    return {};
}

/// Whether the host is such that it can be taken back, once no package manager is at work.
Result<void> check_way_back(const Root& root, Runner& runner, const UndoRequest& request, const txn::Record& record)
{
    auto free = check_vms(root, record);
    free = free ? check_files(root, record) : free;
    if (free) {
        const bool asked = request.packages && installed_packages(record);
        free = asked ? wait_for_manager(wait_of(request)) : wait_to_undo({record}, wait_of(request));
    }
    return free ? check_packages(root, runner, request.limits, record) : free;
}

Result<Leaving> leaving_of(const Root& root, Runner& runner, const UndoRequest& request, const txn::Record& record)
{
    auto leaving = request.packages ? plan_leaving(root, runner, request.limits, record) : Result<Leaving>{Leaving{}};
    return leaving ? std::move(leaving) : cannot_roll_back(record.id, leaving.error().message, leaving.error().hint);
}

/// On the disk before anything is undone. The state comes first: a transaction that stands must not hold what is only
/// done on request.
Result<void> record_ahead(txn::Journal& journal, const Leaving& leaving)
{
    const auto before = journal.record().state;
    if (auto entered = journal.enter(txn::State::rolling_back); !entered) {
        return entered;
    }
    const auto intent = intent_of(leaving);
    const auto intended = journal.intend({&intent, 1});
    if (!intended) {
        (void)journal.enter(before);
        return intended.error();
    }
    return {};
}

/// Yields what is left.
Result<std::vector<std::string>> undo(const txn::Record& record, HostDomain& domain, const Leaving& leaving = {})
{
    auto journal = txn::Journal::adopt(record);
    if (!journal) {
        return std::move(journal).error();
    }
    if (!leaving.remove.empty()) {
        if (auto recorded = record_ahead(*journal, leaving); !recorded) {
            return std::move(recorded).error();
        }
    }
    return txn::roll_back(*journal, domain);
}

Result<PackageTable> packages_of(const Root& root, Runner& runner)
{
    const auto distribution = detect_distribution(root);
    return distribution ? read_packages(root, runner, *distribution) : Result<PackageTable>{distribution.error()};
}

/// What was there, and is not any more.
std::vector<PlannedPackage> gone_between(const PackageTable& before, const PackageTable& after)
{
    std::vector<PlannedPackage> gone;
    for (const PackageChange& change : changes_between(before, after)) {
        if (change.before && !change.after) {
            gone.push_back({change.name, *change.before});
        }
    }
    return gone;
}

TakenBack nothing_left(const std::string& id)
{
    return {id,
            {"nothing to do: all of it was taken back before, and none of its packages is to go"},
            std::vector<PlannedPackage>{}};
}

/// What is told once all is undone. `before`: the packages of then, if they were asked for.
TakenBack told_of(const Root& root,
                  Runner& runner,
                  const txn::Record& record,
                  const std::optional<PackageTable>& before)
{
    TakenBack taken{record.id, {}};
    if (before) {
        const auto after = packages_of(root, runner);
        taken.removed = after ? gone_between(*before, *after) : std::vector<PlannedPackage>{};
        taken.notes = what_stays(root, runner, record);
        if (!after) {
            taken.notes.push_back(fmt::format("which packages went is not known: {}", after.error().message));
        } else if (taken.removed->empty()) {
            taken.notes.insert(taken.notes.begin(), "none of the packages that it brought is there");
        }
        return taken;
    }
    const auto undone = inverses(record);
    const bool removed =
        std::ranges::any_of(undone, [](const Step& step) { return std::holds_alternative<RemovePackages>(step); });
    if (const auto note = packages_note(record); note && !removed) {
        taken.notes.push_back(*note);
    }
    return taken;
}

}  // namespace

Result<txn::Inventory> transactions(const txn::Places& places)
{
    return txn::read_all_records(places, tool);
}

Result<txn::Record> transaction(const txn::Places& places, const std::string& id)
{
    const auto inventory = transactions(places);
    return inventory ? named(*inventory, id) : inventory.error();
}

std::vector<std::string> running_vms(const Root& root)
{
    std::vector<std::string> found;
    const auto names = root.names("proc");
    if (!names || !*names) {
        return found;
    }
    for (const std::string& name : **names) {
        if (name.find_first_not_of("0123456789") != std::string::npos) {
            continue;
        }
        const auto text = text_or_nothing(root, fmt::format("proc/{}/comm", name));
        const auto command = trim(text);
        if (command.starts_with("qemu-system") || command.starts_with("qemu-kvm") || command == "kvm") {
            found.push_back(fmt::format("pid {} ({})", name, command));
        }
    }
    return found;
}

Result<TakenBack> take_back(Runner& runner, const UndoRequest& request, const std::string& id)
{
    const auto locks = txn::ChangeLocks::acquire(request.places, "host-setup", request.command_line);
    const auto root = Root::open(request.top);
    const auto inventory = transactions(request.places);
    if (!locks || !root || !inventory) {
        return !locks ? locks.error() : (!root ? root.error() : inventory.error());
    }
    const auto record = request.packages ? chosen_with_packages(*inventory, id) : chosen(*inventory, id);
    if (!record) {
        return record.error();
    }
    const bool all_but_packages = record->state == txn::State::rolled_back;
    if (all_but_packages && was_ordered(*record)) {
        return nothing_left(record->id);
    }
    auto free = check_way_back(*root, runner, request, *record);
    const auto leaving = free ? leaving_of(*root, runner, request, *record) : Result<Leaving>{std::move(free).error()};
    if (!leaving) {
        return leaving.error();
    }
    if (all_but_packages && leaving->remove.empty()) {
        return nothing_left(record->id);
    }
    const auto before = request.packages ? packages_of(*root, runner) : Result<PackageTable>{PackageTable{}};
    if (!before) {
        return before.error();
    }
    auto domain = domain_of(runner, request);
    const auto left = undo(*record, domain, *leaving);
    if (!left) {
        return left.error();
    }
    if (!left->empty()) {
        return Error{ErrorCode::damaged,
                     fmt::format("could not undo all of {}:\n  {}", record->id, fmt::join(*left, "\n  ")),
                     "host-setup resume tries it again"};
    }
    return told_of(*root, runner, *record, request.packages ? std::optional{*before} : std::nullopt);
}

Result<txn::Cleanup> resume(Runner& runner, const UndoRequest& request, const std::string& id)
{
    const auto locks = txn::ChangeLocks::acquire(request.places, "host-setup", request.command_line);
    if (!locks) {
        return locks.error();
    }
    auto domain = domain_of(runner, request);
    if (id.empty()) {
        return clean_up(request.places, wait_of(request), domain);
    }
    const auto inventory = transactions(request.places);
    const auto record = inventory ? named(*inventory, id) : Result<txn::Record>{inventory.error()};
    if (!record) {
        return record.error();
    }
    if (!record->open() || txn::alive(record->owner)) {
        return Error{
            ErrorCode::refused,
            record->open() ? fmt::format("refused to resume {}: it waits for an answer", id)
                           : fmt::format("refused to resume {}: it is {}", id, txn::word(record->state)),
            record->open() ? "host-setup confirm, or host-setup rollback" : "'host-setup history' lists the changes"};
    }
    auto quiet = check_nothing_stands_on(*inventory, *record);
    quiet = quiet ? wait_to_undo({*record}, wait_of(request)) : quiet;
    auto left = quiet ? undo(*record, domain) : Result<std::vector<std::string>>{std::move(quiet).error()};
    if (!left) {
        return std::move(left).error();
    }
    return left->empty() ? txn::Cleanup{{id}, {}} : txn::Cleanup{{}, std::move(*left)};
}

}  // namespace kvmkit::setup
