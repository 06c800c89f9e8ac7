// SPDX-License-Identifier: Apache-2.0
#include "cli/parse.hpp"

#include "base/suggest.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <boost/program_options/errors.hpp>
#include <boost/program_options/parsers.hpp>

namespace kvmkit::cli {
namespace {

/// In the name of a command.
constexpr std::ptrdiff_t most_words = 3;

/// Abbreviated options would turn every new option into a breaking change.
constexpr int option_style = po::command_line_style::unix_style & ~po::command_line_style::allow_guessing;

Error usage_error(const Tool& tool, std::string message, const std::optional<std::string>& meant)
{
    const auto hint = meant ? fmt::format("did you mean '{}'?", *meant) : fmt::format("run '{} --help'", tool.name);
    return {ErrorCode::usage, std::move(message), hint};
}

/// What other programs call a command, and what ours may be called.
struct Synonym {
    std::string_view word;
    std::string_view command;
};

constexpr std::array synonyms{
    Synonym{"ls", "list"},
    Synonym{"ls", "show"},
    Synonym{"create", "launch"},
    Synonym{"run", "launch"},
    Synonym{"delete", "rm"},
    Synonym{"destroy", "rm"},
    Synonym{"remove", "rm"},
    Synonym{"undefine", "rm"},
    Synonym{"shutdown", "stop"},
    Synonym{"poweroff", "stop"},
    Synonym{"kill", "stop"},
    Synonym{"shell", "ssh"},
    Synonym{"inspect", "explain"},
    Synonym{"info", "explain"},
    Synonym{"logs", "console"},
    Synonym{"dumpxml", "xml"},
    Synonym{"images", "image ls"},
    Synonym{"pull", "image pull"},
};

std::optional<std::string> known_elsewhere(std::string_view word, std::span<const std::string> names)
{
    for (const Synonym& synonym : synonyms) {
        if (synonym.word == word && std::ranges::find(names, synonym.command) != names.end()) {
            return std::string{synonym.command};
        }
    }
    return std::nullopt;
}

/// How many of the words are the beginning of a command's name.
std::size_t known_words(const Tool& tool, const std::vector<std::string>& words)
{
    std::size_t known = 0;
    std::string beginning;
    for (const std::string& word : words) {
        beginning += word + " ";
        const auto begins = [&beginning](const Command& command) { return command.name.starts_with(beginning); };
        if (std::ranges::none_of(tool.commands, begins)) {
            break;
        }
        ++known;
    }
    return known;
}

Error unknown_command(const Tool& tool, const std::vector<std::string>& words)
{
    std::vector<std::string> names;
    names.reserve(tool.commands.size());
    for (const Command& command : tool.commands) {
        names.emplace_back(command.name);
    }
    const auto known = static_cast<std::ptrdiff_t>(known_words(tool, words));
    const auto said = [&words](std::ptrdiff_t count) {
        const auto most = std::distance(words.begin(), words.end());
        return fmt::format("{}", fmt::join(words.begin(), words.begin() + std::min(count, most), " "));
    };
    if (known > 0 && std::distance(words.begin(), words.end()) == known) {
        return usage_error(
            tool, fmt::format("'{}' needs a {} word", said(known), known == 1 ? "second" : "third"), std::nullopt);
    }
    auto meant = known_elsewhere(said(known + 1), names);
    if (!meant) {
        meant = did_you_mean(said(known + 1), names);
    }
    if (!meant) {
        meant = did_you_mean(said(known + 2), names);
    }
    return usage_error(tool, fmt::format("unknown command '{}'", said(known + 1)), meant);
}

std::string option_in(std::string_view token)
{
    return std::string{token.substr(0, token.find('='))};
}

Error unknown_option(const Tool& tool, const std::string& token, const po::options_description& options)
{
    std::vector<std::string> names;
    for (const auto& option : options.options()) {
        names.push_back("--" + option->long_name());
    }
    return usage_error(
        tool, fmt::format("unknown option '{}'", option_in(token)), did_you_mean(option_in(token), names));
}

Result<void> check_operands(const Tool& tool, const Command& command, const std::vector<std::string>& operands)
{
    if (operands.size() < command.operands.least) {
        return usage_error(
            tool, fmt::format("'{} {}' needs {}", tool.name, command.name, command.operands.usage), std::nullopt);
    }
    if (operands.size() > command.operands.most) {
        return usage_error(tool, fmt::format("unexpected word '{}'", operands.at(command.operands.most)), std::nullopt);
    }
    return {};
}

}  // namespace

bool is_common_switch(std::string_view word)
{
    constexpr std::array switches{"--quiet", "-q", "--verbose", "-v", "--no-colour", "--json", "--help", "-h"};
    return std::ranges::find(switches, word) != switches.end();
}

Result<Choice> choose(const Tool& tool, const std::vector<std::string>& words)
{
    const auto named = [&tool](std::string_view name) -> const Command* {
        const auto row = std::ranges::find(tool.commands, name, &Command::name);
        return row == tool.commands.end() ? nullptr : &*row;
    };
    const auto first = std::ranges::find_if_not(words, is_common_switch);
    if (first == words.end() || first->starts_with('-')) {
        return Choice{named(tool.default_command), words};
    }
    const auto without = [&](std::ptrdiff_t count) {
        std::vector<std::string> rest(words.begin(), first);
        rest.insert(rest.end(), first + count, words.end());
        return rest;
    };
    for (auto count = std::min(most_words, std::distance(first, words.end())); count > 0; --count) {
        const auto name = fmt::format("{}", fmt::join(first, first + count, " "));
        if (const Command* command = named(name)) {
            return Choice{command, without(count)};
        }
    }
    return unknown_command(tool, {first, words.end()});
}

po::options_description options_of(const Tool& tool, const Command& command)
{
    constexpr unsigned width = 100;
    po::options_description options{fmt::format("options of '{} {}'", tool.name, command.name), width};
    command.declare(options.add_options());
    options.add_options()("help,h", "show this help and exit")("quiet,q", "no progress and no notes")(
        "verbose,v", "tell on standard error what is being done")("no-colour", "no colours, also on a terminal");
    return options;
}

Result<Invocation> parse(const Tool& tool, const std::vector<std::string>& words)
{
    const auto choice = choose(tool, words);
    if (!choice) {
        return choice.error();
    }
    const Command& command = *choice->command;
    const auto options = options_of(tool, command);
    try {
        const auto parsed =
            po::command_line_parser(choice->rest).options(options).style(option_style).allow_unregistered().run();
        for (const auto& option : parsed.options) {
            if (option.unregistered) {
                return unknown_option(tool, option.original_tokens.front(), options);
            }
        }
        po::variables_map values;
        po::store(parsed, values);
        const auto operands = po::collect_unrecognized(parsed.options, po::include_positional);
        Invocation invocation{
            &command, Arguments{fmt::format("{} {}", tool.name, fmt::join(words, " ")), values, operands}, false};
        invocation.wants_help = values.count("help") != 0;
        if (!invocation.wants_help) {
            po::notify(values);
            if (auto checked = check_operands(tool, command, operands); !checked) {
                return checked.error();
            }
        }
        return invocation;
    } catch (const po::error& problem) {
        return usage_error(tool, problem.what(), std::nullopt);
    }
}

}  // namespace kvmkit::cli
