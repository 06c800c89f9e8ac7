// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "cli/completion/word_source.hpp"
#include "cli/console.hpp"
#include "cli/exit_code.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <boost/program_options/options_description.hpp>
#include <boost/program_options/value_semantic.hpp>
#include <boost/program_options/variables_map.hpp>

namespace kvmkit::cli {

namespace po = boost::program_options;

/// What the user gave to one command.
class Arguments {
public:
    Arguments(std::string command_line, po::variables_map values, std::vector<std::string> operands)
        : command_line_(std::move(command_line)), values_(std::move(values)), operands_(std::move(operands))
    {
    }

    /// A switch, or an option with a value: whether the user gave it (or it has a default).
    [[nodiscard]] bool has(const char* name) const { return values_.count(name) != 0; }

    /// Whether the user gave it, whatever its default.
    [[nodiscard]] bool given(const char* name) const { return has(name) && !values_[name].defaulted(); }

    /// An option declared with a default.
    [[nodiscard]] std::string text(const char* name) const { return values_[name].as<std::string>(); }

    /// An option without a default: absent if not given.
    [[nodiscard]] std::optional<std::string> maybe(const char* name) const
    {
        return has(name) ? std::optional{text(name)} : std::nullopt;
    }

    /// An option that may be given more than once, declared as po::value<std::vector<std::string>>.
    [[nodiscard]] std::vector<std::string> list(const char* name) const
    {
        return has(name) ? values_[name].as<std::vector<std::string>>() : std::vector<std::string>{};
    }

    /// The words that are not options, in order. Their number was checked against the command's row.
    [[nodiscard]] const std::vector<std::string>& operands() const { return operands_; }

    /// "net-setup bridge add br0": for journals and locks.
    [[nodiscard]] const std::string& command_line() const { return command_line_; }

private:
    std::string command_line_;
    po::variables_map values_;
    std::vector<std::string> operands_;
};

/// Adds the options of one command. Values are strings: types are made by the domain's own parsers.
using Declare = void (*)(po::options_description_easy_init add);

/// How many words beside the options a command takes, and how its usage line shows them.
struct Operands {
    std::string_view usage = {};  ///< "NAME", "[COMPONENT...]"
    std::size_t least = 0;
    std::size_t most = 0;
};

/// Whether a command changes the host. One whose answer cannot be written then ends with 4 instead of 3: the host is
/// not as it was.
enum class Effect { reads, changes };

constexpr std::size_t any_number = static_cast<std::size_t>(-1);

/// One row of a tool's table.
struct Command {
    std::string_view name;  ///< "run", or up to three words: "bridge add".
    std::string_view summary;
    Operands operands;
    Declare declare;
    Result<ExitCode> (*run)(const Arguments& arguments, Console& console);
    Effect effect = Effect::reads;
};

struct Tool {
    std::string_view name;
    std::string_view summary;
    std::string_view default_command;  ///< Run where the first word is an option, or where there is none.
    std::span<const Command> commands;
    std::string_view closing = {};             ///< Last lines of --help: examples.
    std::span<const WordSource> sources = {};  ///< What a shell offers for placeholders; the first that fits counts.
};

/// Parses, runs one command and prints its error. "TOOL completion SHELL" prints what makes a shell complete its
/// command lines. Every command also has --help, --quiet, --verbose and --no-colour; with --json or --format json an
/// error is one JSON record on standard output, too (schema kvmkit.error/1).
int run_tool(const Tool& tool, int argc, const char* const* argv, Console console) noexcept;

}  // namespace kvmkit::cli
