// SPDX-License-Identifier: Apache-2.0
#include "base/deadline.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "probe/host_probe.hpp"
#include "probe/recorded.hpp"
#include "report/json.hpp"
#include "report/text.hpp"
#include "system/root.hpp"

namespace kvmkit::kvm_check {
namespace {

cli::ExitCode exit_code_of(Readiness verdict)
{
    switch (verdict) {
        case Readiness::ready: return cli::ExitCode::ok;
        case Readiness::degraded:
        case Readiness::unusable: return cli::ExitCode::no;
        case Readiness::unknown: return cli::ExitCode::failed;
    }
    return cli::ExitCode::failed;
}

void print(const Report& report, const cli::Arguments& arguments, const cli::Console& console)
{
    if (arguments.has("json")) {
        cli::Json record{{"schema", cli::schema_name("kvm-check", "run")}};
        record.update(to_json(report));
        cli::print_json(console, record);
        return;
    }
    const Detail detail = arguments.has("all") ? Detail::all : Detail::problems;
    console.out << to_text(report, detail, console.out_colour ? Paint::ansi : Paint::plain);
}

}  // namespace

void declare_run(cli::po::options_description_easy_init add)
{
    namespace po = cli::po;
    add("json", "one JSON record instead of text")("all", "show the checks that pass, too")(
        "root",
        po::value<std::string>()->value_name("DIR")->default_value("/"),
        "judge the host recorded in DIR; opens no device and runs nothing")(
        "timeout", po::value<std::string>()->value_name("TIME")->default_value("3s"), "how long probing may take");
}

Result<cli::ExitCode> run(const cli::Arguments& arguments, cli::Console& console)
{
    const auto budget = parse_duration(arguments.text("timeout"));
    if (!budget) {
        return Error{ErrorCode::usage, budget.error().message, budget.error().hint};
    }
    const auto root = Root::open(arguments.text("root"));
    if (!root) {
        return root.error();
    }
    if (auto readable = root->is_this_host() ? Result<void>{} : check_recording(*root); !readable) {
        return readable.error();
    }
    const Report report = make_report(probe_host(*root, Deadline::after(*budget)));
    print(report, arguments, console);
    return exit_code_of(report.summary.verdict);
}

}  // namespace kvmkit::kvm_check
