// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "hands.hpp"
#include "named.hpp"
#include "net/planner/plan.hpp"

namespace kvmkit::net_setup {
namespace {

Result<net::BridgeSpec> read_spec(const cli::Arguments& arguments, const cli::Console& console)
{
    auto name = net::LinkName::parse(arguments.operands().front());
    if (!name) {
        return std::move(name).error();
    }
    net::BridgeSpec spec{*name};
    auto ports = read_links(arguments, arguments.list("port"), console);
    auto addresses = read_addresses(arguments, "bridge");
    const auto mtu = read_mtu(arguments);
    if (!ports || !addresses || !mtu) {
        return !ports ? std::move(ports).error() : !addresses ? std::move(addresses).error() : mtu.error();
    }
    spec.ports = *std::move(ports);
    spec.addresses = *std::move(addresses);
    spec.mtu = *mtu;
    return spec;
}

}  // namespace

void declare_bridge_add(cli::po::options_description_easy_init add)
{
    using Texts = std::vector<std::string>;
    add("port",
        cli::po::value<Texts>()->value_name("LINK"),
        "make this link a port of the bridge; may be given more than once");
    add("address",
        cli::po::value<Texts>()->value_name("CIDR"),
        "give the bridge this address, as 192.0.2.1/24 or 2001:db8::1/64; may be given more than once");
    add("mtu",
        cli::po::value<std::string>()->value_name("BYTES"),
        "pin the bridge's MTU; without it the smallest port's");
    declare_change(add);
}

Result<cli::ExitCode> bridge_add(const cli::Arguments& arguments, cli::Console& console)
{
    const auto spec = read_spec(arguments, console);
    if (!spec) {
        return spec.error();
    }
    const auto birthmark = net::new_birthmark();
    if (!birthmark) {
        return birthmark.error();
    }
    const auto planner = [&spec, &birthmark](const net::Network& network) {
        return net::plan_bridge_add(network, *spec, *birthmark);
    };
    return run_change_command(
        {.name = "bridge add", .about = {{"bridge", spec->name.str()}}, .planner = planner, .keeps = {spec->name}},
        arguments,
        console);
}

}  // namespace kvmkit::net_setup
