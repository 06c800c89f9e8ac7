// SPDX-License-Identifier: Apache-2.0
#include "cli/tool.hpp"

#include "cli/completion/run_completion.hpp"
#include "cli/json.hpp"
#include "cli/parse.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <exception>
#include <sstream>

#include <fmt/format.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

namespace kvmkit::cli {
namespace {

int status_of(ExitCode code)
{
    return static_cast<int>(code);
}

void print_help(const Tool& tool, std::ostream& out)
{
    out << fmt::format("{}\n\nusage: {} [COMMAND] [OPTION...]\n\ncommands:\n", tool.summary, tool.name);
    std::size_t width = 0;
    for (const Command& command : tool.commands) {
        width = std::max(width, command.name.size() + 1 + command.operands.usage.size());
    }
    for (const Command& command : tool.commands) {
        const auto usage = fmt::format("{} {}", command.name, command.operands.usage);
        out << fmt::format("  {:<{}}  {}{}\n",
                           usage,
                           width,
                           command.summary,
                           command.name == tool.default_command ? " (default)" : "");
    }
    out << fmt::format(
        "\n'{0} COMMAND --help' lists the options of a command; '{0} --version' tells the version.\n"
        "'{0} completion bash' (zsh, fish) prints what makes that shell complete its command lines.\n",
        tool.name);
    out << tool.closing;
}

void print_command_help(const Tool& tool, const Command& command, std::ostream& out)
{
    out << fmt::format("usage: {} {} {}{}[OPTION...]\n\n{}\n\n",
                       tool.name,
                       command.name,
                       command.operands.usage,
                       command.operands.usage.empty() ? "" : " ",
                       command.summary)
        << options_of(tool, command);
}

/// Diagnostics go to standard error, and only with --verbose.
void set_up_logging(std::ostream& err, bool verbose)
{
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(err, true);
    sink->set_pattern("debug: %v");
    spdlog::set_default_logger(std::make_shared<spdlog::logger>("kvmkit", std::move(sink)));
    spdlog::set_level(verbose ? spdlog::level::debug : spdlog::level::off);
}

void print_error(const Tool& tool, const Error& error, const Console& console)
{
    console.end_progress();
    console.err << paint(fmt::format("{}: ", tool.name), Colour::red, console.err_colour) << error.message << '\n';
    if (!error.hint.empty()) {
        console.err << fmt::format("  hint: {}\n", error.hint);
    }
}

Json error_record(const Tool& tool, const Command& command, const Error& error)
{
    return {{"schema", "kvmkit.error/1"},
            {"tool", tool.name},
            {"command", command.name},
            {"error", {{"code", word(error.code)}, {"message", error.message}, {"hint", error.hint}}},
            {"exit", status_of(exit_code_of(error.code))}};
}

/// As the last line of a stream of records on standard error.
void stream_error(const Json& record, const Console& console)
{
    console.err << record.dump(-1, ' ', false, Json::error_handler_t::replace) << '\n';
}

/// --json and --format json are one.
bool wants_json(const Arguments& arguments)
{
    return arguments.has("json") || arguments.maybe("format") == "json";
}

ExitCode run_command(const Tool& tool, const Invocation& invocation, Console& console)
{
    const Command& command = *invocation.command;
    const Arguments& arguments = invocation.arguments;
    console.quiet = arguments.has("quiet");
    if (arguments.has("no-colour")) {
        console.out_colour = false;
        console.err_colour = false;
    }
    set_up_logging(console.err, arguments.has("verbose"));
    const auto outcome = command.run(arguments, console);
    console.end_progress();
    if (outcome) {
        return *outcome;
    }
    const auto record = error_record(tool, command, outcome.error());
    arguments.maybe("progress") == "json" ? stream_error(record, console) : print_error(tool, outcome.error(), console);
    if (wants_json(arguments)) {
        print_json(console, record);
    }
    return exit_code_of(outcome.error().code);
}

/// Descriptors 0 to 2 that the caller closed must not become our files. They fail as closed ones do.
void fill_standard_descriptors()
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
        if (::fcntl(fd, F_GETFD) < 0) {
            (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        }
    }
}

/// What becomes of an answer that could not be written.
ExitCode unwritten(const Tool& tool, const Console& console, ExitCode code, Effect effect)
{
    const bool changed = effect == Effect::changes && code == ExitCode::ok;
    console.err << fmt::format(
        "{}: cannot write standard output{}\n", tool.name, changed ? "; the command itself was carried out" : "");
    if (changed) {
        return ExitCode::damaged;
    }
    return code == ExitCode::ok || code == ExitCode::no ? ExitCode::failed : code;
}

ExitCode run_and_flush(const Tool& tool, const Invocation& invocation, Console& console)
{
    const ExitCode code = run_command(tool, invocation, console);
    console.out.flush();
    return console.out ? code : unwritten(tool, console, code, invocation.command->effect);
}

ExitCode parse_and_run(const Tool& tool, const std::vector<std::string>& words, Console& console)
{
    if (!words.empty() && (words.front() == "--help" || words.front() == "-h" || words.front() == "help")) {
        print_help(tool, console.out);
        return console.out.flush() ? ExitCode::ok : unwritten(tool, console, ExitCode::ok, Effect::reads);
    }
    if (!words.empty() && words.front() == "--version") {
        console.out << fmt::format("{} {}\n", tool.name, KVMKIT_VERSION);
        return ExitCode::ok;
    }
    if (!words.empty() && words.front() == "completion") {
        const auto answered = run_completion(tool, {words.begin() + 1, words.end()}, console);
        if (!answered) {
            print_error(tool, answered.error(), console);
        }
        const ExitCode code = answered ? *answered : exit_code_of(answered.error().code);
        return console.out.flush() ? code : unwritten(tool, console, code, Effect::reads);
    }
    const auto invocation = parse(tool, words);
    if (!invocation) {
        print_error(tool, invocation.error(), console);
        return ExitCode::usage;
    }
    if (invocation->wants_help) {
        print_command_help(tool, *invocation->command, console.out);
        return ExitCode::ok;
    }
    return run_and_flush(tool, *invocation, console);
}

}  // namespace

int run_tool(const Tool& tool, int argc, const char* const* argv, Console console) noexcept
try {
    fill_standard_descriptors();
    return status_of(parse_and_run(tool, {argv + std::min(argc, 1), argv + argc}, console));
} catch (const std::exception& problem) {
    console.err << fmt::format("{}: internal error: {}\n", tool.name, problem.what());
    return status_of(ExitCode::failed);
}

}  // namespace kvmkit::cli
