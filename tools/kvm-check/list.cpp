// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "report/checks.hpp"

namespace kvmkit::kvm_check {

void declare_list(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record instead of text");
}

Result<cli::ExitCode> list(const cli::Arguments& arguments, cli::Console& console)
{
    const auto checks = catalogue();
    if (arguments.has("json")) {
        cli::Json record{{"schema", cli::schema_name("kvm-check", "list")}};
        record.update(to_json(checks));
        cli::print_json(console, record);
    } else {
        console.out << to_text(checks);
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::kvm_check
