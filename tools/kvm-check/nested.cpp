// SPDX-License-Identifier: Apache-2.0
#include "report/nested.hpp"
#include "base/deadline.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "probe/host_probe.hpp"
#include "probe/recorded.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

namespace kvmkit::kvm_check {
namespace {

cli::ExitCode exit_code_of(NestedState state)
{
    switch (state) {
        case NestedState::proved:
        case NestedState::offered: return cli::ExitCode::ok;
        case NestedState::broken:
        case NestedState::unavailable: return cli::ExitCode::no;
        case NestedState::unknown: return cli::ExitCode::failed;
    }
    return cli::ExitCode::failed;
}

}  // namespace

void declare_nested(cli::po::options_description_easy_init add)
{
    namespace po = cli::po;
    add("json", "one JSON record instead of text")(
        "prove",
        "run a guest that runs a guest; faults in nested virtualization can hang a host, so not where none may fail")(
        "root",
        po::value<std::string>()->value_name("DIR|TAR")->default_value("/"),
        "judge the host recorded there; opens no device and runs nothing")(
        "timeout", po::value<std::string>()->value_name("TIME")->default_value("5s"), "how long probing may take");
}

Result<cli::ExitCode> nested(const cli::Arguments& arguments, cli::Console& console)
{
    const auto budget = parse_duration(arguments.text("timeout"));
    if (!budget) {
        return Error{ErrorCode::usage, budget.error().message, budget.error().hint};
    }
    SystemRunner runner;
    const auto root = open_host(arguments.text("root"), runner);
    if (!root) {
        return root.error();
    }
    if (arguments.has("prove") && !root->is_this_host()) {
        return Error{
            ErrorCode::usage, "--prove runs guests, which no recorded host can", "leave out --prove or --root"};
    }
    const auto depth = arguments.has("prove") ? Depth::nested : Depth::guests;
    const HostFacts host = probe_host(*root, ProbeOrder{Deadline::after(*budget), depth});
    const NestedReport report = make_nested_report(host, make_report(host));
    if (arguments.has("json")) {
        cli::Json record{{"schema", cli::schema_name("kvm-check", "nested")}};
        record.update(to_json(report));
        cli::print_json(console, record);
    } else {
        console.out << to_text(report, console.out_colour ? Paint::ansi : Paint::plain);
    }
    return exit_code_of(report.state);
}

}  // namespace kvmkit::kvm_check
