// SPDX-License-Identifier: Apache-2.0
#include "hands.hpp"

#include "base/deadline.hpp"
#include "net/planner/port_rules.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

/// "2m" as the seconds that state files write.
std::string in_seconds(const std::string& text)
{
    const auto time = parse_duration(text);
    constexpr auto thousand = 1000;
    return time && time->count() % thousand == 0 ? std::to_string(time->count() / thousand) : text;
}

}  // namespace

Result<cli::ExitCode> run_hand_command(const HandCommand& command,
                                       const cli::Arguments& arguments,
                                       const cli::Console& console)
{
    const auto birthmark = net::new_birthmark();
    if (!birthmark) {
        return birthmark.error();
    }
    const auto planner = [&](const net::Network& network) {
        return net::plan_wishes(network, command.wish(network), *birthmark);
    };
    const auto risky = [&command](const net::Network& network) {
        return std::ranges::any_of(command.touched,
                                   [&network](const net::LinkName& name) { return net::leads_away(network, name); });
    };
    return run_change_command({.name = command.name,
                               .about = command.about,
                               .planner = planner,
                               .risks_host = risky,
                               .keeps = command.touched},
                              arguments,
                              console);
}

cli::Json names_record(const std::vector<net::LinkName>& names)
{
    auto texts = cli::Json::array();
    for (const net::LinkName& name : names) {
        texts.push_back(name.str());
    }
    return texts;
}

Result<std::vector<net::InterfaceAddress>> read_addresses(const cli::Arguments& arguments, std::string_view kind)
{
    std::vector<net::InterfaceAddress> addresses;
    for (const std::string& text : arguments.list("address")) {
        const auto address = net::InterfaceAddress::parse(text);
        if (!address) {
            return address.error();
        }
        if (!address->is_host_address()) {
            return Error{ErrorCode::usage,
                         fmt::format("cannot give '{}' to a {}: it is no host's address", text, kind),
                         "write a unicast address with its prefix, as 192.0.2.1/24"};
        }
        if (std::ranges::find(addresses, *address) == addresses.end()) {
            addresses.push_back(*address);
        }
    }
    return addresses;
}

Result<std::optional<unsigned>> read_mtu(const cli::Arguments& arguments)
{
    const auto text = arguments.maybe("mtu");
    if (!text) {
        return std::optional<unsigned>{};
    }
    const auto mtu = net::parse_mtu(*text);
    return mtu ? Result<std::optional<unsigned>>{*mtu} : mtu.error();
}

Result<net::LinkOption> read_typed(const net::OptionSpec& spec, const std::string& flag, const std::string& text)
{
    auto option = net::read_option(spec, spec.form == net::OptionForm::seconds ? in_seconds(text) : text);
    if (!option) {
        Error error = std::move(option).error();
        error.message = fmt::format("--{}: {}", flag, error.message);
        return error;
    }
    return option;
}

}  // namespace kvmkit::net_setup
