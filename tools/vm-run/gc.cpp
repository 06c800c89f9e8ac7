// SPDX-License-Identifier: Apache-2.0
#include "bridge_ports.hpp"
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "virt/libvirt/event_loop.hpp"
#include "virt/libvirt/libvirt_error.hpp"

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

void print(const cli::Arguments& arguments, const cli::Console& console, const txn::Cleanup& cleanup)
{
    if (arguments.has("json")) {
        cli::print_json(
            console,
            {{"schema", cli::schema_name(tool_name, "gc")}, {"undone", cleanup.undone}, {"failed", cleanup.failed}});
        return;
    }
    for (const auto& id : cleanup.undone) {
        console.out << fmt::format("removed what the killed run {} left behind\n", id);
    }
    if (cleanup.undone.empty() && cleanup.failed.empty()) {
        console.note("nothing is left behind");
    }
    for (const auto& sentence : cleanup.failed) {
        console.warn(sentence);
    }
}

}  // namespace

void declare_gc(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record on standard output");
}

Result<cli::ExitCode> run_gc(const cli::Arguments& arguments, cli::Console& console)
{
    virt::silence_libvirt();
    const auto loop = virt::EventLoop::start();
    const auto root = Root::open("/");
    if (!loop || !root) {
        return !loop ? loop.error() : root.error();
    }
    SystemRunner runner;
    virt::World world{*root, runner};
    world.use_ports(bridge_ports());
    const auto cleanup = undo_dead_launches(txn::default_places(), world);
    if (!cleanup) {
        return cleanup.error();
    }
    print(arguments, console, *cleanup);
    return cleanup->failed.empty() ? cli::ExitCode::ok : cli::ExitCode::damaged;
}

}  // namespace kvmkit::vm_run
