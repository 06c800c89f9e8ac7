// SPDX-License-Identifier: Apache-2.0
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "connect.hpp"
#include "txn/lock.hpp"
#include "virt/launch/plan.hpp"

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

struct Removable {
    virt::VmId vm;
    std::vector<std::string> disks;  ///< The files that its own description names.
};

/// Our VM and nothing that runs, unless --force.
Result<Removable> check_removable(const Host& host, const cli::Arguments& arguments)
{
    const std::string& name = arguments.operands().front();
    const auto domain = host.domain(name);
    if (!domain) {
        return domain.error();
    }
    const auto xml = domain->xml();
    const auto active = domain->active();
    if (!xml || !active) {
        return !xml ? xml.error() : active.error();
    }
    const auto summary = virt::summarize(*xml);
    if (!summary) {
        return summary.error();
    }
    if (!summary->ours()) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to remove VM '{}': vm-run did not make it", name),
                     fmt::format("if you mean it: virsh -c {} undefine {}", host.connection().uri(), name)};
    }
    if (*active && !arguments.has("force")) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to remove VM '{}': it runs", name),
                     fmt::format("stop it first: vm-run stop {}; or cut its power: vm-run rm {} --force", name, name)};
    }
    return Removable{{host.connection().uri(), summary->uuid, name}, summary->disks};
}

/// The journal holds the removals as if they undid a launch: a removal that is killed half-way is finished by gc. A
/// disk of that name on this host may be another VM's: it goes only if this VM uses it.
Result<void> remove(virt::World& world, const Removable& removable, const cli::Arguments& arguments)
{
    const virt::VmId& vm = removable.vm;
    const auto places = txn::default_places();
    const auto name = virt::VmName::parse(vm.name);
    if (!name) {
        return name.error();
    }
    const auto lock = txn::Lock::acquire(places, lock_name(*name), arguments.command_line());
    if (!lock) {
        return lock.error();
    }
    auto journal = txn::Journal::begin(places, {tool_name, arguments.command_line()});
    if (!journal) {
        return journal.error();
    }
    for (const auto& step : virt::removal_steps(vm, removable.disks, places)) {
        if (auto noted = journal->intend(describe(step), encode(step)); !noted) {
            journal->discard();  // or the next gc would go on with what we now say was not done
            return noted.error();
        }
    }
    const auto left = txn::roll_back(*journal, world);
    (void)txn::prune(places, tool_name);
    if (left.empty()) {
        return {};
    }
    return txn::to_error({Error{ErrorCode::damaged, fmt::format("cannot remove all of VM '{}'", vm.name)}, left});
}

}  // namespace

void declare_rm(cli::po::options_description_easy_init add)
{
    add("force", "cut the power of a VM that runs");
    declare_connect(add);
    add("json", "one JSON record on standard output");
}

Result<cli::ExitCode> run_rm(const cli::Arguments& arguments, cli::Console& console)
{
    auto host = Host::open(arguments);
    if (!host) {
        return host.error();
    }
    const auto removable = check_removable(**host, arguments);
    if (!removable) {
        return removable.error();
    }
    const virt::VmId& vm = removable->vm;
    if (auto removed = remove((*host)->world(), *removable, arguments); !removed) {
        return removed.error();
    }
    if (arguments.has("json")) {
        cli::print_json(console, {{"schema", cli::schema_name(tool_name, "rm")}, {"name", vm.name}, {"uuid", vm.uuid}});
    } else {
        console.note(fmt::format("VM '{}' is removed", vm.name));
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::vm_run
