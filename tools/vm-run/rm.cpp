// SPDX-License-Identifier: Apache-2.0
#include "bridge_ports.hpp"
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "connect.hpp"
#include "forsaken.hpp"
#include "names.hpp"
#include "several.hpp"
#include "txn/lock.hpp"
#include "virt/launch/plan.hpp"

#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::vm_run {
namespace {

struct Removable {
    virt::VmId vm;
    virt::Domain domain;
    std::vector<std::string> disks;  ///< The files that its own description names.
};

/// What removals of one command share.
struct Order {
    const cli::Arguments& arguments;
    const Root& root;
    bool force = false;
};

/// Our VM and nothing that runs, unless --force.
Result<Removable> check_removable(const virt::Connection& connection, const std::string& name, const Order& order)
{
    auto domain = domain_named(connection, name);
    const auto xml = domain ? domain->xml() : Result<std::string>{domain.error()};
    const auto summary = xml ? virt::summarize(*xml) : Result<virt::DomainSummary>{xml.error()};
    if (!summary) {
        return summary.error();
    }
    if (!summary->ours()) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to remove VM '{}': vm-run did not make it", name),
                     fmt::format("if you mean it: virsh -c {} undefine {}", connection.uri(), name)};
    }
    if (summary->runs && !order.force) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to remove VM '{}': it runs", name),
                     fmt::format("stop it first: vm-run stop {}; or cut its power: vm-run rm {} --force", name, name)};
    }
    return Removable{{connection.uri(), summary->uuid, name}, std::move(*domain), summary->disks};
}

/// The journal holds the removals as if they undid a launch: a removal that is killed half-way is finished by gc.
Result<void> make(virt::World& world, const std::string& name, const std::vector<virt::Step>& steps, const Order& order)
{
    const auto places = txn::default_places();
    auto journal = txn::Journal::begin(places, {tool_name, order.arguments.command_line()});
    if (!journal) {
        return journal.error();
    }
    std::vector<txn::Intent> intents;
    intents.reserve(steps.size());
    for (const auto& step : steps) {
        intents.push_back({describe(step), encode(step)});
    }
    if (auto noted = journal->intend(intents); !noted) {
        journal->discard();  // or the next gc would go on with what we now say was not done
        return noted.error();
    }
    const auto left = txn::roll_back(*journal, world);
    if (left.empty()) {
        return {};
    }
    return txn::to_error({Error{ErrorCode::damaged, fmt::format("cannot remove all of VM '{}'", name)}, left});
}

Result<txn::Lock> lock_of(const std::string& vm, const Order& order)
{
    const auto name = virt::VmName::parse(vm);
    return name ? txn::Lock::acquire(txn::default_places(), lock_name(*name), order.arguments.command_line())
                : Result<txn::Lock>{name.error()};
}

/// A disk of that name on this host may be another VM's: it goes only if this VM uses it.
Result<void> remove(virt::World& world, const Removable& removable, const Order& order)
{
    const auto lock = lock_of(removable.vm.name, order);
    if (!lock) {
        return lock.error();
    }
    world.use_domain(removable.domain.share());
    const auto steps = virt::removal_steps(removable.vm, removable.disks, txn::default_places());
    return make(world, removable.vm.name, steps, order);
}

bool has_folder(const std::string& vm)
{
    const auto name = virt::VmName::parse(vm);
    std::error_code ignored;
    return name && std::filesystem::is_directory(virt::vm_folder(txn::default_places(), *name), ignored);
}

/// A folder of ours without its VM keeps the name from being used.
Result<void> remove_forsaken(virt::World& world,
                             const virt::Connection& connection,
                             const std::string& vm,
                             const Order& order)
{
    const auto name = virt::VmName::parse(vm);
    if (!name) {
        return name.error();
    }
    const auto places = txn::default_places();
    const auto lock = lock_of(vm, order);
    const auto steps = lock ? steps_to_remove_forsaken(connection, order.root, places, *name)
                            : Result<std::vector<virt::Step>>{lock.error()};
    if (!steps) {
        return steps.error();
    }
    if (!order.force) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to remove '{}': {} knows no VM '{}', but the files may be worth something",
                                 virt::vm_folder(places, *name).string(),
                                 connection.uri(),
                                 vm),
                     fmt::format("if nobody needs them: vm-run rm {} --force", vm)};
    }
    return make(world, vm, *steps, order);
}

/// What vm-run made for a VM of another host, over there.
std::vector<std::string> files_that_stay(const Removable& removable)
{
    std::vector<std::string> stay;
    for (const std::filesystem::path disk : removable.disks) {
        const auto folder = disk.parent_path();
        const bool ours = folder.filename() == removable.vm.name && folder.parent_path().filename() == "vms";
        if (ours && !virt::leads_to_this_host(removable.vm.uri)) {
            stay.push_back(disk);
        }
    }
    return stay;
}

/// One VM on its way out.
struct Removal {
    std::string name;
    std::string uuid = {};               ///< Empty: it was not found.
    std::vector<std::string> stay = {};  ///< Files of another host, which only that host can remove.
    Result<void> outcome = {};
};

void carry_out(virt::World& world, const std::string& uri, const Order& order, Removal& removal)
{
    const auto connection = world.connection(uri);
    const auto removable =
        connection ? check_removable(**connection, removal.name, order) : Result<Removable>{connection.error()};
    const bool unknown = connection && !removable && removable.error().code == ErrorCode::not_found;
    if (unknown && virt::leads_to_this_host(uri) && has_folder(removal.name)) {
        removal.outcome = remove_forsaken(world, **connection, removal.name, order);
        return;
    }
    if (!removable) {
        removal.outcome = removable.error();
        return;
    }
    removal.uuid = removable->vm.uuid;
    removal.stay = files_that_stay(*removable);
    removal.outcome = remove(world, *removable, order);
}

/// A signal keeps from removal what was not begun; what was is finished.
Result<void> carry_out_all(const Host& host,
                           const Order& order,
                           const SignalWatch& signals,
                           std::vector<Removal>& removals)
{
    const auto connections = open_connections(host.share(), removals.size());
    if (!connections) {
        return connections.error();
    }
    const auto at_once = connections->size() * calls_for_each_connection;
    side_by_side(removals.size(), at_once, *connections, [&](std::size_t number, const auto& connection) {
        if (signal_pending(signals)) {
            removals[number].outcome = Error{ErrorCode::interrupted, "interrupted before it was removed"};
            return;
        }
        SystemRunner runner;
        virt::World world{host.root(), runner};
        world.use_ports(bridge_ports());
        world.use_connection(connection);
        carry_out(world, connection->uri(), order, removals[number]);
    });
    return {};
}

cli::ExitCode code_of(const Removal& removal)
{
    return removal.outcome ? cli::ExitCode::ok : cli::exit_code_of(removal.outcome.error().code);
}

void tell_what_stays(const cli::Console& console, const Removal& removal)
{
    if (removal.outcome && !removal.stay.empty()) {
        console.note(fmt::format("files of VM '{0}' stay on that host: {1}; remove them there: vm-run rm {0} --force",
                                 removal.name,
                                 fmt::join(removal.stay, ", ")));
    }
}

cli::ExitCode report_all(const cli::Console& console, const std::vector<Removal>& removals, bool as_json)
{
    auto vms = cli::Json::array();
    std::size_t removed = 0;
    std::vector<cli::ExitCode> codes;
    codes.reserve(removals.size());
    for (const Removal& one : removals) {
        codes.push_back(code_of(one));
        removed += one.outcome ? 1 : 0;
        vms.push_back({{"name", one.name},
                       {"uuid", one.uuid.empty() ? cli::Json(nullptr) : cli::Json(one.uuid)},
                       {"removed", one.outcome.has_value()},
                       {"error", one.outcome ? cli::Json(nullptr) : cli::Json(one.outcome.error().message)}});
        if (!one.outcome) {
            console.warn(fmt::format("{}: {}", one.name, one.outcome.error().message));
        }
        tell_what_stays(console, one);
    }
    if (as_json) {
        cli::print_json(console,
                        {{"schema", cli::schema_name(tool_name, "rm-many")},
                         {"removed", removed},
                         {"failed", removals.size() - removed},
                         {"vms", vms}});
    } else {
        console.note(fmt::format("{} of {} VMs are removed", removed, removals.size()));
    }
    return code_of_several(codes);
}

Result<cli::ExitCode> remove_one(Host& host, const Order& order, const std::string& name, const cli::Console& console)
{
    Removal removal{name};
    carry_out(host.world(), host.connection().uri(), order, removal);
    (void)txn::prune(txn::default_places(), tool_name);
    if (!removal.outcome) {
        return removal.outcome.error();
    }
    tell_what_stays(console, removal);
    if (order.arguments.has("json")) {
        cli::print_json(console,
                        {{"schema", cli::schema_name(tool_name, "rm")},
                         {"name", name},
                         {"uuid", removal.uuid.empty() ? cli::Json(nullptr) : cli::Json(removal.uuid)}});
    } else {
        console.note(fmt::format("VM '{}' is removed", name));
    }
    return cli::ExitCode::ok;
}

}  // namespace

void declare_rm(cli::po::options_description_easy_init add)
{
    add("force", "cut the power of a VM that runs; remove the files of one that libvirt forgot");
    declare_connect(add);
    add("json", "one JSON record on standard output");
}

Result<cli::ExitCode> run_rm(const cli::Arguments& arguments, cli::Console& console)
{
    const auto names = expand_names(arguments.operands());
    if (!names) {
        return names.error();
    }
    auto host = Host::open(arguments);
    const auto signals =
        host ? SignalWatch::open() : Result<SignalWatch>{host.error()};  // no signal cuts a removal in two
    if (!signals) {
        return signals.error();
    }
    const Order order{arguments, (*host)->root(), arguments.has("force")};
    if (names->size() == 1) {
        return remove_one(**host, order, names->front(), console);
    }
    std::vector<Removal> removals;
    removals.reserve(names->size());
    for (const std::string& name : *names) {
        removals.push_back({name});
    }
    if (auto carried = carry_out_all(**host, order, *signals, removals); !carried) {
        return carried.error();
    }
    (void)txn::prune(txn::default_places(), tool_name);
    return report_all(console, removals, arguments.has("json"));
}

}  // namespace kvmkit::vm_run
