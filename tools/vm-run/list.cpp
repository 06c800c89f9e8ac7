// SPDX-License-Identifier: Apache-2.0
#include "cleanup.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "connect.hpp"
#include "virt/spec/domain_xml.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

struct Row {
    virt::DomainSummary summary;
    virt::DomainState state = virt::DomainState::other;
};

/// A row, or absent for a VM that went away while we looked.
Result<std::optional<Row>> row_of(const virt::Domain& domain)
{
    const auto xml = domain.xml();
    const auto state = domain.state();
    if (!xml || !state) {
        const Error& error = !xml ? xml.error() : state.error();
        return error.code == ErrorCode::not_found ? Result<std::optional<Row>>{std::nullopt} : error;
    }
    const auto summary = virt::summarize(*xml);
    if (!summary) {
        return summary.error();
    }
    return std::optional{Row{*summary, *state}};
}

Result<std::vector<Row>> all_rows(const virt::Connection& connection)
{
    const auto domains = connection.domains();
    if (!domains) {
        return domains.error();
    }
    std::vector<Row> rows;
    for (const auto& domain : *domains) {
        const auto row = row_of(domain);
        if (!row) {
            return row.error();
        }
        if (*row) {
            rows.push_back(**row);
        }
    }
    std::ranges::sort(rows, {}, [](const Row& row) { return row.summary.name; });
    return rows;
}

/// libvirt calls TCG "qemu".
std::string accelerator(const virt::DomainSummary& summary)
{
    return summary.type == "qemu" ? "tcg" : summary.type;
}

cli::Json record(const Row& row)
{
    return {{"name", row.summary.name},
            {"uuid", row.summary.uuid},
            {"state", word(row.state)},
            {"accel", accelerator(row.summary)},
            {"vcpus", row.summary.vcpus},
            {"memory", row.summary.memory.count()},
            {"made_by_vm_run", row.summary.ours()}};
}

void print_table(const cli::Console& console, const std::vector<Row>& rows)
{
    std::size_t width = 4;
    for (const Row& row : rows) {
        width = std::max(width, row.summary.name.size());
    }
    const auto line = [&](auto name, auto state, auto accel, auto vcpus, auto memory, auto made_by) {
        console.out << fmt::format(
            "{:<{}}  {:<13}  {:<5}  {:>5}  {:>9}  {}\n", name, width, state, accel, vcpus, memory, made_by);
    };
    line("NAME", "STATE", "ACCEL", "VCPUS", "MEMORY", "MADE BY");
    for (const Row& row : rows) {
        line(row.summary.name,
             word(row.state),
             accelerator(row.summary),
             row.summary.vcpus,
             human(row.summary.memory),
             row.summary.ours() ? "vm-run" : "others");
    }
}

}  // namespace

void declare_list(cli::po::options_description_easy_init add)
{
    declare_connect(add);
    add("json", "one JSON record on standard output");
}

Result<cli::ExitCode> run_list(const cli::Arguments& arguments, cli::Console& console)
{
    const auto host = Host::open(arguments);
    if (!host) {
        return host.error();
    }
    const auto rows = all_rows((*host)->connection());
    if (!rows) {
        return rows.error();
    }
    if (arguments.has("json")) {
        auto vms = cli::Json::array();
        std::ranges::transform(*rows, std::back_inserter(vms), record);
        cli::print_json(console,
                        {{"schema", cli::schema_name(tool_name, "list")},
                         {"uri", (*host)->connection().uri()},
                         {"vms", std::move(vms)}});
        return cli::ExitCode::ok;
    }
    if (rows->empty()) {
        console.note(fmt::format("no VMs at {}", (*host)->connection().uri()));
        return cli::ExitCode::ok;
    }
    print_table(console, *rows);
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::vm_run
