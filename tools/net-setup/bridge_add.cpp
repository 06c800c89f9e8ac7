// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "net/planner/plan.hpp"
#include "session.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

Result<net::BridgeSpec> read_spec(const cli::Arguments& arguments)
{
    auto name = net::LinkName::parse(arguments.operands().front());
    if (!name) {
        return std::move(name).error();
    }
    net::BridgeSpec spec{*name};
    for (const std::string& text : arguments.list("port")) {
        auto port = net::LinkName::parse(text);
        if (!port) {
            return std::move(port).error();
        }
        spec.ports.push_back(*port);
    }
    for (const std::string& text : arguments.list("address")) {
        const auto address = net::InterfaceAddress::parse(text);
        if (!address) {
            return address.error();
        }
        if (!address->is_host_address()) {
            return Error{ErrorCode::usage,
                         fmt::format("cannot give '{}' to a bridge: it is no host's address", text),
                         "write a unicast address with its prefix, as 192.0.2.1/24"};
        }
        if (std::ranges::find(spec.addresses, *address) == spec.addresses.end()) {
            spec.addresses.push_back(*address);
        }
    }
    if (const auto text = arguments.maybe("mtu")) {
        const auto mtu = net::parse_mtu(*text);
        if (!mtu) {
            return mtu.error();
        }
        spec.mtu = *mtu;
    }
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
    const auto spec = read_spec(arguments);
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
    return run_bridge_command({"bridge add", spec->name, planner}, arguments, console);
}

}  // namespace kvmkit::net_setup
