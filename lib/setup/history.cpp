// SPDX-License-Identifier: Apache-2.0
#include "setup/history.hpp"

#include "base/text.hpp"
#include "setup/clean_up.hpp"
#include "setup/domain.hpp"
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

Error cannot(const std::string& id, std::string_view cause, std::string hint)
{
    return {ErrorCode::refused, fmt::format("refused to roll back {}: {}", id, cause), std::move(hint)};
}

Error no_such(const std::string& id)
{
    return {ErrorCode::not_found,
            id.empty() ? "there is no change to roll back" : fmt::format("there is no change {}", id),
            "'host-setup history' lists the changes"};
}

Result<txn::Record> named(const txn::Inventory& inventory, const std::string& id)
{
    const auto found = std::ranges::find(inventory.records, id, &txn::Record::id);
    return found != inventory.records.end() ? Result<txn::Record>{*found} : no_such(id);
}

/// The record of that id, or the newest one that stands.
Result<txn::Record> chosen(const txn::Inventory& inventory, const std::string& id)
{
    const txn::Record* newest = nullptr;
    const txn::Record* wanted = nullptr;
    for (const txn::Record& record : inventory.records) {
        newest = record.stands() ? &record : newest;
        wanted = record.id == id ? &record : wanted;
    }
    wanted = id.empty() ? newest : wanted;
    if (wanted == nullptr) {
        return no_such(id);
    }
    if (!wanted->stands()) {
        return cannot(wanted->id,
                      fmt::format("it is {}", txn::word(wanted->state)),
                      wanted->open() ? "host-setup resume; or, if it waits for an answer: host-setup confirm"
                                     : "'host-setup history' lists the changes");
    }
    if (newest != wanted) {
        return cannot(wanted->id,
                      fmt::format("{} was made on top of it", newest->id),
                      fmt::format("host-setup rollback {}", newest->id));
    }
    return *wanted;
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
    return cannot(record.id,
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
            return cannot(record.id,
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
            return cannot(record.id, alone.error().message, alone.error().hint);
        }
    }
    return {};
}

/// Yields what is left.
Result<std::vector<std::string>> undo(const txn::Record& record, HostDomain& domain)
{
    auto journal = txn::Journal::adopt(record);
    return journal ? Result<std::vector<std::string>>{txn::roll_back(*journal, domain)} : std::move(journal).error();
}

HostDomain domain_of(Runner& runner, const UndoRequest& request)
{
    return HostDomain{{runner, request.top, logged(request.limits, request.places), {}, request.image}};
}

UndoWait wait_of(const UndoRequest& request)
{
    return {request.top, request.limits.lock_wait, request.note};
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
    const auto record = chosen(*inventory, id);
    if (!record) {
        return record.error();
    }
    if (auto quiet = check_vms(*root, *record); !quiet) {
        return quiet.error();
    }
    if (auto untouched = check_files(*root, *record); !untouched) {
        return untouched.error();
    }
    auto free = wait_to_undo({*record}, wait_of(request));
    free = free ? check_packages(*root, runner, request.limits, *record) : free;
    if (!free) {
        return std::move(free).error();
    }
    auto domain = domain_of(runner, request);
    const auto left = undo(*record, domain);
    if (!left) {
        return left.error();
    }
    if (!left->empty()) {
        return Error{ErrorCode::damaged,
                     fmt::format("could not undo all of {}:\n  {}", record->id, fmt::join(*left, "\n  ")),
                     "host-setup resume tries it again"};
    }
    TakenBack taken{record->id, {}};
    const auto undone = inverses(*record);
    const bool removed =
        std::ranges::any_of(undone, [](const Step& step) { return std::holds_alternative<RemovePackages>(step); });
    if (installed_packages(*record) && !removed) {
        taken.notes.emplace_back("its packages stay: host-setup removes none");
    }
    return taken;
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
