// SPDX-License-Identifier: Apache-2.0
#include "format_options.hpp"

#include "base/suggest.hpp"
#include "report/json.hpp"
#include "report/kvm_ok.hpp"
#include "report/markdown.hpp"
#include "report/nagios.hpp"
#include "report/prometheus.hpp"
#include "report/text.hpp"

#include <algorithm>
#include <array>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::kvm_check {
namespace {

struct FormatRow {
    std::string_view name;
    Format format;
};

constexpr std::array formats{
    FormatRow{"text", Format::text},
    FormatRow{"json", Format::json},
    FormatRow{"nagios", Format::nagios},
    FormatRow{"prometheus", Format::prometheus},
    FormatRow{"markdown", Format::markdown},
};

constexpr std::array imitations{FormatRow{"kvm-ok", Format::kvm_ok}};

std::vector<std::string> words_of(std::span<const FormatRow> rows)
{
    std::vector<std::string> words;
    words.reserve(rows.size());
    for (const FormatRow& row : rows) {
        words.emplace_back(row.name);
    }
    return words;
}

Result<Format> named(std::string_view option, const std::string& name, std::span<const FormatRow> rows)
{
    const auto row = std::ranges::find(rows, name, &FormatRow::name);
    if (row != rows.end()) {
        return row->format;
    }
    const auto known = words_of(rows);
    const auto meant = did_you_mean(name, known);
    return Error{
        ErrorCode::usage,
        fmt::format("{} does not know '{}'", option, name),
        meant ? fmt::format("did you mean '{}'?", *meant) : fmt::format("it knows: {}", fmt::join(known, ", "))};
}

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

/// Nagios' numbers are not ours: its 2 is no wrong command line.
cli::ExitCode exit_code_of(NagiosState state)
{
    return static_cast<cli::ExitCode>(state);
}

std::string text_of(const Report& report, const cli::Arguments& arguments, const cli::Console& console)
{
    const Detail detail = arguments.has("all") || arguments.has("verbose") ? Detail::all : Detail::problems;
    return to_text(report, detail, console.out_colour ? Paint::ansi : Paint::plain);
}

}  // namespace

std::vector<std::string> format_words()
{
    return words_of(formats);
}

std::vector<std::string> imitation_words()
{
    return words_of(imitations);
}

void declare_format(cli::po::options_description_easy_init add)
{
    namespace po = cli::po;
    add("json", "one JSON record, as --format json")("format",
                                                     po::value<std::string>()->value_name("F"),
                                                     "text, json, nagios, prometheus (runs no guest) or markdown")(
        "compat", po::value<std::string>()->value_name("TOOL"), "answer in the words of another tool: kvm-ok")(
        "all", "show the checks that pass, too, as --verbose does");
}

Result<Format> read_format(const cli::Arguments& arguments)
{
    const auto format = arguments.maybe("format");
    const auto compat = arguments.maybe("compat");
    if ((arguments.has("json") && format.value_or("json") != "json") || (compat && (format || arguments.has("json")))) {
        return Error{ErrorCode::usage, "one run has one format", "give one of --json, --format and --compat"};
    }
    if (compat) {
        return named("--compat", *compat, imitations);
    }
    return arguments.has("json") ? Format::json : named("--format", format.value_or("text"), formats);
}

cli::ExitCode print_report(const Report& report,
                           Format format,
                           const cli::Arguments& arguments,
                           const cli::Console& console)
{
    const auto verdict = report.summary.verdict;
    switch (format) {
        case Format::text: console.out << text_of(report, arguments, console); break;
        case Format::json: {
            const auto root = Root::open("/");
            const bool live = root && arguments.text("root") == "/";
            return print_record(report, live ? this_machine(*root) : MachineMark{}, cli::Json(), console);
        }
        case Format::markdown: console.out << to_markdown(report, KVMKIT_VERSION); break;
        case Format::prometheus: console.out << to_prometheus(report); return cli::ExitCode::ok;
        case Format::nagios: console.out << to_nagios(report); return exit_code_of(nagios_state(verdict));
        case Format::kvm_ok:
            console.out << to_kvm_ok(report);
            return kvm_ok(report) ? cli::ExitCode::ok : cli::ExitCode::no;
    }
    return exit_code_of(verdict);
}

cli::ExitCode print_record(const Report& report, const MachineMark& host, cli::Json fix, const cli::Console& console)
{
    const auto text_or_null = [](const std::string& text) { return text.empty() ? cli::Json() : cli::Json(text); };
    cli::Json record{{"schema", cli::schema_name("kvm-check", "run")},
                     {"tool", {{"name", "kvm-check"}, {"version", KVMKIT_VERSION}}}};
    record.update(to_json(report));
    record["host"]["machine"] = text_or_null(host.machine);
    record["host"]["boot"] = text_or_null(host.boot);
    record["fix"] = std::move(fix);
    cli::print_json(console, record);
    return exit_code_of(report.summary.verdict);
}

std::optional<cli::ExitCode> print_error(const Error& error, Format format, const cli::Console& console)
{
    if (format != Format::nagios) {
        return std::nullopt;
    }
    console.out << nagios_error(error.message);
    return exit_code_of(NagiosState::unknown);
}

}  // namespace kvmkit::kvm_check
