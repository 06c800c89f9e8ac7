// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "connect.hpp"
#include "fleet.hpp"
#include "launcher.hpp"
#include "names.hpp"
#include "virt/spec/defined_vm.hpp"

namespace kvmkit::vm_run {
namespace {

/// What is asked of all of them alike.
Result<LaunchOptions> read_order(const cli::Arguments& arguments, virt::VmName name)
{
    const auto progress = read_progress(arguments);
    if (!progress) {
        return progress.error();
    }
    LaunchOptions order{.names = {name}, .spec = {.name = name}};
    order.progress = *progress;
    order.uri = arguments.maybe("connect");
    order.show = arguments.has("dry-run") ? Show::steps : Show::nothing;
    order.overcommit = arguments.has("overcommit");
    order.start_networks = arguments.has("net-start");
    order.console = arguments.has("console");
    order.json = arguments.has("json");
    order.verbose = arguments.has("verbose");
    order.command_line = arguments.command_line();
    return order;
}

/// The VM as libvirt describes it; an error that is no usage is about this one alone.
Result<virt::DefinedVm> find_defined(const virt::Connection& connection, const std::string& name)
{
    const auto domain = domain_named(connection, name);
    const auto xml = domain ? domain->xml() : Result<std::string>{domain.error()};
    auto defined = xml ? virt::read_defined_vm(*xml) : Result<virt::DefinedVm>{xml.error()};
    if (!defined) {
        return defined;
    }
    const auto off = virt::check_is_off(*domain, {connection.uri(), defined->uuid, name});
    return off ? defined : Result<virt::DefinedVm>{off.error()};
}

Result<LaunchOptions> read_wish(const cli::Arguments& arguments,
                                const virt::Connection& connection,
                                const std::string& name)
{
    const auto parsed = virt::VmName::parse(name);
    auto wish = parsed ? read_order(arguments, *parsed) : Result<LaunchOptions>{parsed.error()};
    if (!wish) {
        return wish;
    }
    auto defined = find_defined(connection, name);
    if (!defined) {
        wish->existing = Existing{"", defined.error()};
        return wish;
    }
    const auto wait = read_wait(arguments);
    const auto possible = wait ? check_calls(wait->wait, defined->spec.nics) : Result<void>{wait.error()};
    if (!possible) {
        return possible.error();
    }
    wish->wait = *wait;
    wish->spec = std::move(defined->spec);
    wish->existing = Existing{std::move(defined->uuid)};
    const auto reachable = check_reach(*wish);
    return reachable ? wish : Result<LaunchOptions>{reachable.error()};
}

Result<std::vector<LaunchOptions>> read_wishes(const cli::Arguments& arguments)
{
    const auto names = expand_names(arguments.operands());
    if (!names) {
        return names.error();
    }
    const auto host = Host::open(arguments);
    if (!host) {
        return host.error();
    }
    std::vector<LaunchOptions> wishes;
    wishes.reserve(names->size());
    for (const std::string& name : *names) {
        auto wish = read_wish(arguments, (*host)->connection(), name);
        if (!wish) {
            return wish.error();
        }
        wishes.push_back(std::move(*wish));
    }
    return wishes;
}

}  // namespace

void declare_start(cli::po::options_description_easy_init add)
{
    add("console", "show the guest's serial console; on a terminal also type into it, Ctrl-] leaves");
    declare_wait(add);
    declare_gate(add);
    add("net-start", "start libvirt's networks that are off");
    declare_connect(add);
    add("dry-run", "show the steps, change nothing; exit code 1");
    add("json", "one JSON record on standard output");
    declare_progress(add);
}

Result<cli::ExitCode> run_start(const cli::Arguments& arguments, cli::Console& console)
{
    const auto wishes = read_wishes(arguments);
    const auto together = wishes ? check_together(*wishes) : Result<void>{wishes.error()};
    if (!together) {
        return together.error();
    }
    if (wishes->size() > 1) {
        return Fleet{*wishes, console}.run();
    }
    if (const auto& why_not = wishes->front().existing->why_not) {
        return *why_not;
    }
    const auto launcher = Launcher::prepare(wishes->front(), console);
    return launcher ? (*launcher)->run() : launcher.error();
}

}  // namespace kvmkit::vm_run
