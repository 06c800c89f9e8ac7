// SPDX-License-Identifier: Apache-2.0
#include "base/printable.hpp"
#include "base/suggest.hpp"
#include "check/catalogue.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "report/checks.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::kvm_check {
namespace {

Error unknown_check(std::string_view id, std::span<const Check> checks)
{
    constexpr std::size_t longest_shown = 80;
    std::vector<std::string> ids;
    for (const Check& check : checks) {
        ids.emplace_back(check.id);
    }
    const auto typed = printable(id, longest_shown);
    const auto meant = did_you_mean(typed, ids);
    return {ErrorCode::usage,
            fmt::format("unknown check '{}'", typed),
            meant ? fmt::format("did you mean '{}'?", *meant) : "'kvm-check list' names them all"};
}

}  // namespace

void declare_show(cli::po::options_description_easy_init add)
{
    add("json", "one JSON record instead of text");
}

Result<cli::ExitCode> show(const cli::Arguments& arguments, cli::Console& console)
{
    const auto checks = catalogue();
    const auto& id = arguments.operands().front();
    const auto check = std::ranges::find(checks, std::string_view{id}, &Check::id);
    if (check == checks.end()) {
        return unknown_check(id, checks);
    }
    const auto documentation = documentation_of(id).value_or(CheckDocumentation{});
    if (arguments.has("json")) {
        cli::Json record{{"schema", cli::schema_name("kvm-check", "show")}};
        record.update(to_json(*check, documentation));
        cli::print_json(console, record);
    } else {
        console.out << to_text(*check, documentation);
    }
    return cli::ExitCode::ok;
}

}  // namespace kvmkit::kvm_check
