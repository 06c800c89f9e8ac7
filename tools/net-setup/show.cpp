// SPDX-License-Identifier: Apache-2.0
#include "base/printable.hpp"
#include "base/suggest.hpp"
#include "commands.hpp"
#include "net/resolver/resolver.hpp"
#include "net/state/writer.hpp"
#include "picture.hpp"
#include "session.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net_setup {
namespace {

using cli::Json;

std::string master_name(const net::Network& network, const net::Link& link)
{
    const net::Link* master = link.master != 0 ? net::find(network, link.master) : nullptr;
    return master != nullptr ? master->name.str() : std::string{};
}

std::vector<std::string> port_names(const net::Network& network, const net::Link& bridge)
{
    std::vector<std::string> names;
    for (const net::Link* port : net::ports_of(network, bridge)) {
        names.push_back(port->name.str());
    }
    return names;
}

std::vector<std::string> address_texts(const net::Link& link)
{
    std::vector<std::string> texts;
    std::ranges::transform(link.addresses, std::back_inserter(texts), &net::InterfaceAddress::str);
    return texts;
}

Json text_or_null(const std::string& text)
{
    return text.empty() ? Json() : Json(text);
}

Json record_of(const net::Network& network, const net::Link& link)
{
    return {{"index", link.index},
            {"name", link.name.str()},
            {"kind", text_or_null(link.kind)},
            {"mac", link.mac ? Json(link.mac->str()) : Json()},
            {"mtu", link.mtu},
            {"up", link.up},
            {"carrier", link.carrier},
            {"state", link.state},
            {"master", text_or_null(master_name(network, link))},
            {"addresses", address_texts(link)},
            {"routes", link.routes},
            {"ports", link.is_bridge() ? Json(port_names(network, link)) : Json()}};
}

constexpr std::size_t columns = 7;
using Row = std::array<std::string, columns>;

/// Other programs may have given a link a name that a terminal would obey.
std::string shown(std::string_view name)
{
    return printable(name, name.size());
}

/// Switched off, or on, and what the kernel says of the wire.
std::string state_text(const net::Link& link)
{
    if (!link.up) {
        return "off";
    }
    return link.carrier || link.running ? "up" : "no carrier";
}

Row row_of(const net::Network& network, const net::Link& link)
{
    const auto names = link.is_bridge() ? port_names(network, link) : std::vector<std::string>{};
    const auto ports = names.empty() ? std::string{} : fmt::format("ports: {}", fmt::join(names, " "));
    const auto master = master_name(network, link);
    return {shown(link.name.str()),
            link.kind.empty() ? "-" : link.kind,
            state_text(link),
            link.mac ? link.mac->str() : "-",
            fmt::format("{}", link.mtu),
            !ports.empty() ? shown(ports) : (master.empty() ? "-" : "in " + shown(master)),
            link.addresses.empty() ? "-" : fmt::format("{}", fmt::join(address_texts(link), " "))};
}

void print_table(const std::vector<Row>& rows, std::ostream& out)
{
    std::array<std::size_t, columns> widths{};
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < columns; ++i) {
            widths.at(i) = std::max(widths.at(i), row.at(i).size());
        }
    }
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i + 1 < columns; ++i) {
            line += fmt::format("{:<{}}  ", row.at(i), widths.at(i));
        }
        out << line << row.back() << '\n';
    }
}

/// The links asked for, or all of them.
Result<std::vector<const net::Link*>> chosen(const net::Network& network, const std::vector<std::string>& names)
{
    if (!names.empty()) {
        return named_links(network, names, "show");
    }
    std::vector<const net::Link*> links;
    std::ranges::transform(network.links, std::back_inserter(links), [](const net::Link& link) { return &link; });
    return links;
}

void print_links(const net::Network& network, const std::vector<const net::Link*>& links, std::ostream& out)
{
    std::vector<Row> rows{{"NAME", "KIND", "STATE", "MAC", "MTU", "BRIDGE", "ADDRESSES"}};
    for (const net::Link* link : links) {
        rows.push_back(row_of(network, *link));
    }
    print_table(rows, out);
}

void print_record(const Session& session,
                  const net::Network& network,
                  const std::vector<const net::Link*>& links,
                  const cli::Console& console)
{
    auto records = Json::array();
    for (const net::Link* link : links) {
        records.push_back(record_of(network, *link));
    }
    cli::print_json(console,
                    {{"schema", cli::schema_name("net-setup", "show")},
                     {"netns", text_or_null(session.here.name)},
                     {"links", records}});
}

/// Absent: links were named, or the network namespace is another one than that of /etc/resolv.conf.
std::optional<net::ToldResolver> told_resolver(const cli::Arguments& arguments)
{
    const auto root = Root::open("/");
    if (!root || arguments.has("netns") || !arguments.operands().empty()) {
        return std::nullopt;
    }
    auto state = net::read_resolver(*root);
    return net::ToldResolver{std::move(state.now), !state.keeper.empty()};
}

Result<std::string> format_of(const cli::Arguments& arguments)
{
    const std::vector<std::string> known{"table", "tree", "svg", "yaml", "json"};
    auto format = arguments.maybe("format").value_or(arguments.has("json") ? "json" : "table");
    if (std::ranges::find(known, format) != known.end()) {
        return format;
    }
    const auto meant = did_you_mean(format, known);
    return Error{ErrorCode::usage,
                 fmt::format("--format does not know '{}'", format),
                 meant ? fmt::format("did you mean '{}'?", *meant) : "it knows: table, tree, svg, yaml, json"};
}

}  // namespace

void declare_show(cli::po::options_description_easy_init add)
{
    declare_place(add);
    add("json", "print one JSON record");
    add("format",
        cli::po::value<std::string>()->value_name("table|tree|svg|yaml|json"),
        "table, tree or svg (pictures of what rests on what), yaml (the state file that describes the links as they "
        "are) or json");
}

Result<cli::ExitCode> show(const cli::Arguments& arguments, cli::Console& console)
{
    const auto format = format_of(arguments);
    if (!format) {
        return format.error();
    }
    auto session = open_session(arguments);
    if (!session) {
        return session.error();
    }
    const auto network = session->route.observe();
    if (!network) {
        return network.error();
    }
    const auto links = chosen(*network, arguments.operands());
    if (!links) {
        return links.error();
    }
    if (*format == "json") {
        print_record(*session, *network, *links, console);
    } else if (*format == "yaml") {
        const auto resolver = told_resolver(arguments);
        console.out << net::write_state(*network, *links, net::Notation::yaml, resolver ? &*resolver : nullptr);
    } else if (*format == "tree" || *format == "svg") {
        const auto kind = *format == "tree" ? Picture::tree : Picture::svg;
        return print_picture(kind, *network, arguments.operands().empty() ? decltype(*links){} : *links, console);
    } else {
        print_links(*network, *links, console.out);
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::net_setup
