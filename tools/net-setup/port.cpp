// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "hands.hpp"
#include "named.hpp"

namespace kvmkit::net_setup {

void declare_port_add(cli::po::options_description_easy_init add)
{
    declare_change(add);
}

Result<cli::ExitCode> port_add(const cli::Arguments& arguments, cli::Console& console)
{
    auto names = read_links(arguments, arguments.operands(), console);
    if (!names) {
        return names.error();
    }
    const net::LinkName bridge = names->front();
    const std::vector<net::LinkName> ports(names->begin() + 1, names->end());
    return run_hand_command(
        {.name = "port add",
         .about = {{"bridge", bridge.str()}, {"ports", names_record(ports)}},
         .wish = [&](const net::Network& network) { return net::wish_to_attach(network, bridge, ports); },
         .touched = {bridge}},
        arguments,
        console);
}

void declare_port_del(cli::po::options_description_easy_init add)
{
    declare_change(add);
}

Result<cli::ExitCode> port_del(const cli::Arguments& arguments, cli::Console& console)
{
    const auto ports = read_links(arguments, arguments.operands(), console);
    if (!ports) {
        return ports.error();
    }
    return run_hand_command(
        {.name = "port del",
         .about = {{"ports", names_record(*ports)}},
         .wish = [&ports](const net::Network& network) { return net::wish_to_release(network, *ports); },
         .touched = *ports},
        arguments,
        console);
}

}  // namespace kvmkit::net_setup
