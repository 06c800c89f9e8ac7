// SPDX-License-Identifier: Apache-2.0
#include "base/count.hpp"
#include "cli/json.hpp"
#include "commands.hpp"
#include "net/state/load.hpp"

#include <fmt/format.h>

namespace kvmkit::net_setup {
namespace {

using cli::Json;

Json record_of(const net::StateReading& reading)
{
    auto errors = Json::array();
    for (const net::Mistake& mistake : reading.mistakes.list()) {
        errors.push_back({{"file", reading.file.name},
                          {"line", mistake.place.line},
                          {"column", mistake.place.column},
                          {"path", mistake.path.empty() ? Json() : Json(mistake.path)},
                          {"message", mistake.message},
                          {"hint", mistake.hint.empty() ? Json() : Json(mistake.hint)}});
    }
    const bool valid = reading.mistakes.empty();
    return {{"schema", cli::schema_name("net-setup", "validate")},
            {"file", reading.file.name},
            {"valid", valid},
            {"interfaces", valid ? Json(reading.file.wanted.interfaces.size()) : Json()},
            {"routes", valid ? Json(reading.file.wanted.routes.size()) : Json()},
            {"error_count", reading.mistakes.count()},
            {"errors", errors}};
}

void print_text(const net::StateReading& reading, const cli::Console& console)
{
    if (reading.mistakes.empty()) {
        console.note(fmt::format("{} is valid: {}, {}",
                                 reading.file.name,
                                 counted(reading.file.wanted.interfaces.size(), "interface"),
                                 counted(reading.file.wanted.routes.size(), "route")));
        return;
    }
    for (const net::Mistake& mistake : reading.mistakes.list()) {
        console.out << net::pointed_at(reading.file, mistake) << '\n';
    }
    const auto shown = reading.mistakes.list().size();
    const auto count = reading.mistakes.count();
    console.note(fmt::format("{}{}",
                             counted(count, "mistake"),
                             shown < count ? fmt::format(", of which the first {} are shown", shown) : ""));
}

}  // namespace

void declare_validate(cli::po::options_description_easy_init add)
{
    add("json", "print one JSON record");
}

Result<cli::ExitCode> validate(const cli::Arguments& arguments, cli::Console& console)
{
    const auto reading = net::load_state(arguments.operands().front());
    if (!reading) {
        return reading.error();
    }
    if (arguments.has("json")) {
        cli::print_json(console, record_of(*reading));
    } else {
        print_text(*reading, console);
    }
    return reading->mistakes.empty() ? cli::ExitCode::ok : cli::ExitCode::usage;
}

}  // namespace kvmkit::net_setup
