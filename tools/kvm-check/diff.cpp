// SPDX-License-Identifier: Apache-2.0
#include "report/diff.hpp"

#include "cli/json.hpp"
#include "commands.hpp"
#include "probe/host_probe.hpp"
#include "probe/programs.hpp"
#include "probe/recorded.hpp"
#include "system/files.hpp"

#include <fcntl.h>

#include <cerrno>
#include <optional>

#include <fmt/format.h>

namespace kvmkit::kvm_check {
namespace {

constexpr std::size_t most_bytes = 8U << 20U;

/// The text of a file that is a JSON object; absent for anything else, be it a folder or an archive.
std::optional<std::string> json_object(const std::string& path)
{
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored)) {
        return std::nullopt;
    }
    const UniqueFd file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    auto text = file ? read_all(file.get(), path, most_bytes) : Result<std::string>{errno_error(errno, path)};
    return text && text->starts_with('{') ? std::optional{std::move(*text)} : std::nullopt;
}

/// An input that is wrong is one that cannot be read: only the command line ends with 2.
Error unreadable(const std::string& path, const Error& error)
{
    const auto code = error.code == ErrorCode::usage ? ErrorCode::invalid : error.code;
    const bool named = error.message.find(path) != std::string::npos;
    return {code, named ? error.message : fmt::format("cannot compare '{}': {}", path, error.message), error.hint};
}

Result<Outline> load(const std::string& path, Deadline deadline)
{
    if (const auto text = json_object(path)) {
        auto read = read_outline(*text);
        return read ? std::move(read) : Result<Outline>{unreadable(path, read.error())};
    }
    SystemRunner runner;
    const auto root = open_host(path, runner);
    if (!root) {
        return unreadable(path, root.error());
    }
    const ProbeOrder order{deadline};
    HostFacts host = probe_host(*root, order);
    ask_programs(*root, {runner, KVMKIT_LIBEXEC_DIR}, order, host);
    return outline(make_report(host));
}

void print(const Differences& differences, const cli::Arguments& arguments, const cli::Console& console)
{
    if (!arguments.has("json")) {
        console.out << to_text(differences);
        return;
    }
    const auto& operands = arguments.operands();
    cli::Json record{{"schema", cli::schema_name("kvm-check", "diff")}, {"a", operands[0]}, {"b", operands[1]}};
    record.update(to_json(differences));
    cli::print_json(console, record);
}

}  // namespace

void declare_diff(cli::po::options_description_easy_init add)
{
    namespace po = cli::po;
    add("json", "one JSON record instead of text")(
        "timeout", po::value<std::string>()->value_name("TIME")->default_value("3s"), "how long probing '/' may take");
}

Result<cli::ExitCode> diff(const cli::Arguments& arguments, cli::Console& console)
{
    const auto budget = parse_duration(arguments.text("timeout"));
    if (!budget) {
        return Error{ErrorCode::usage, budget.error().message, budget.error().hint};
    }
    const auto a = load(arguments.operands()[0], Deadline::after(*budget));
    if (!a) {
        return a.error();
    }
    const auto b = load(arguments.operands()[1], Deadline::after(*budget));
    if (!b) {
        return b.error();
    }
    const Differences differences = compare(*a, *b);
    print(differences, arguments, console);
    return differences.none() ? cli::ExitCode::ok : cli::ExitCode::no;
}

}  // namespace kvmkit::kvm_check
