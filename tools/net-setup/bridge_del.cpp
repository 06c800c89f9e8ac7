// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "net/planner/plan.hpp"
#include "session.hpp"

namespace kvmkit::net_setup {

void declare_bridge_del(cli::po::options_description_easy_init add)
{
    add("force", "also where VMs are connected to the bridge: they lose their network");
    declare_change(add);
}

Result<cli::ExitCode> bridge_del(const cli::Arguments& arguments, cli::Console& console)
{
    const auto name = net::LinkName::parse(arguments.operands().front());
    if (!name) {
        return name.error();
    }
    const net::BridgeRemoval removal{*name, arguments.has("force") ? net::Taps::release : net::Taps::keep};
    const auto planner = [&removal](const net::Network& network) { return net::plan_bridge_del(network, removal); };
    return run_change_command({"bridge del", {{"bridge", name->str()}}, planner}, arguments, console);
}

}  // namespace kvmkit::net_setup
