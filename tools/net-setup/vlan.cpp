// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "hands.hpp"
#include "named.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

constexpr std::array vlan_flags{"protocol", "registration-protocol", "reorder-headers", "loose-binding"};

const net::OptionSpec& spec_of(std::string_view flag)
{
    const auto specs = net::vlan_options();
    return *std::find_if(specs.begin(), specs.end(), [flag](const auto& spec) { return spec.key == flag; });
}

Result<void> read_options(const cli::Arguments& arguments, net::LinkOptions& options)
{
    for (const char* flag : vlan_flags) {
        if (const auto text = arguments.maybe(flag)) {
            const auto option = read_typed(spec_of(flag), flag, *text);
            if (!option) {
                return option.error();
            }
            net::put_option(options, spec_of(flag), *option);
        }
    }
    return {};
}

Result<net::VlanSpec> read_spec(const cli::Arguments& arguments, const cli::Console& console)
{
    const auto& words = arguments.operands();
    const auto lower = read_link(arguments, words.at(0), console);
    const auto id = net::parse_vlan_id(words.at(1));
    if (!lower || !id) {
        return !lower ? lower.error() : id.error();
    }
    auto name = net::LinkName::parse(arguments.maybe("name").value_or(fmt::format("{}.{}", lower->str(), *id)));
    auto addresses = read_addresses(arguments, "VLAN");
    const auto mtu = read_mtu(arguments);
    if (!name || !addresses || !mtu) {
        return !name ? std::move(name).error() : !addresses ? std::move(addresses).error() : mtu.error();
    }
    net::VlanSpec spec{.name = *name, .lower = *lower, .id = *id, .addresses = *std::move(addresses), .mtu = *mtu};
    auto read = read_options(arguments, spec.options);
    return read ? Result<net::VlanSpec>{std::move(spec)} : std::move(read).error();
}

}  // namespace

void declare_vlan_add(cli::po::options_description_easy_init add)
{
    using Texts = std::vector<std::string>;
    add("name", cli::po::value<std::string>()->value_name("NAME"), "the new link's name; LINK.ID without it");
    add("address",
        cli::po::value<Texts>()->value_name("CIDR"),
        "give the new link this address, as 192.0.2.1/24 or 2001:db8::1/64; may be given more than once");
    add("mtu", cli::po::value<std::string>()->value_name("BYTES"), "the new link's MTU; without it that of LINK");
    add("protocol",
        cli::po::value<std::string>()->value_name("802.1q|802.1ad"),
        "how frames are tagged; 802.1q without it");
    add("registration-protocol",
        cli::po::value<std::string>()->value_name("none|gvrp|mvrp"),
        "how the VLAN is told to the switch; none without it");
    add("reorder-headers", cli::po::value<std::string>()->value_name("on|off"), "hide the tag; on without it");
    add("loose-binding", cli::po::value<std::string>()->value_name("on|off"), "stay up without LINK; off without it");
    declare_change(add);
}

Result<cli::ExitCode> vlan_add(const cli::Arguments& arguments, cli::Console& console)
{
    const auto spec = read_spec(arguments, console);
    if (!spec) {
        return spec.error();
    }
    return run_hand_command(
        {.name = "vlan add",
         .about = {{"vlan", spec->name.str()}, {"lower", spec->lower.str()}, {"id", spec->id}},
         .wish = [&spec](const net::Network& network) { return net::wish_for_vlan(network, *spec); }},
        arguments,
        console);
}

void declare_vlan_del(cli::po::options_description_easy_init add)
{
    declare_change(add);
}

Result<cli::ExitCode> vlan_del(const cli::Arguments& arguments, cli::Console& console)
{
    const auto name = net::LinkName::parse(arguments.operands().front());
    if (!name) {
        return name.error();
    }
    return run_hand_command(
        {.name = "vlan del",
         .about = {{"vlan", name->str()}},
         .wish = [&name](const net::Network& network) { return net::wish_without_vlan(network, *name); },
         .touched = {*name}},
        arguments,
        console);
}

}  // namespace kvmkit::net_setup
