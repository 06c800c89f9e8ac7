// SPDX-License-Identifier: Apache-2.0
#include "cli/completion/complete.hpp"

#include "base/text.hpp"
#include "cli/parse.hpp"

#include <algorithm>
#include <typeinfo>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::cli {
namespace {

/// A command line read as far as it goes: nothing in it is an error.
struct Line {
    const Tool& tool;
    const Command& command;
    po::options_description options;
    Given given = {};
    const po::option_description* waiting = nullptr;  ///< An option whose value is the next word.
    bool operands_only = false;                       ///< Behind "--".
};

bool takes_value(const po::option_description& option)
{
    return option.semantic()->max_tokens() > 0;
}

/// "--uefi" may have a value, but only as --uefi=secure.
bool needs_value(const po::option_description& option)
{
    return option.semantic()->min_tokens() > 0;
}

bool is_repeatable(const po::option_description& option)
{
    const auto* typed = dynamic_cast<const po::typed_value_base*>(option.semantic().get());
    return typed != nullptr && typed->value_type() == typeid(std::vector<std::string>);
}

/// "FILE" of the "FILE (=disk.img)" or "[=secure(=plain)]" that Boost makes of it.
std::string placeholder_of(const po::option_description& option)
{
    const std::string shown = takes_value(option) ? option.semantic()->name() : std::string{};
    std::string_view name = shown;
    if (name.starts_with("[=")) {
        name.remove_prefix(2);
    }
    return std::string{trim(name.substr(0, name.find("(=")))};
}

void read_option(Line& line, const std::string& word)
{
    const auto equals = word.find('=');
    const auto* option = line.options.find_nothrow(word.substr(0, equals).substr(2), false);
    if (option == nullptr) {
        return;
    }
    if (equals == std::string::npos && needs_value(*option)) {
        line.waiting = option;
        return;
    }
    line.given.options.emplace_back(option->long_name(),
                                    equals == std::string::npos ? std::string{} : word.substr(equals + 1));
}

void read_word(Line& line, const std::string& word)
{
    if (line.waiting != nullptr) {
        line.given.options.emplace_back(line.waiting->long_name(), word);
        line.waiting = nullptr;
    } else if (line.operands_only || !word.starts_with('-') || word == "-") {
        line.given.operands.push_back(word);
    } else if (word == "--") {
        line.operands_only = true;
    } else if (word.starts_with("--")) {
        read_option(line, word);
    }
}

/// "NAME" of "NAME{1..N}" is another one; "DIR" of "DIR:TAG[:ro]" is one, as long as no ':' was typed.
std::string_view first_part(std::string_view placeholder, std::string_view typed)
{
    const auto colon = placeholder.find(':');
    if (colon == std::string_view::npos) {
        return placeholder;
    }
    return typed.find(':') == std::string_view::npos ? placeholder.substr(0, colon) : std::string_view{};
}

const WordSource* source_of(const Line& line, std::string_view placeholder)
{
    const auto fits = [&](const WordSource& source) {
        const std::string_view name = line.command.name;
        const bool command = source.command.empty() || name == source.command ||
                             (name.starts_with(source.command) && name[source.command.size()] == ' ');
        return command && source.placeholder == placeholder;
    };
    const auto source = std::ranges::find_if(line.tool.sources, fits);
    return source == line.tool.sources.end() ? nullptr : &*source;
}

Files files_of(std::string_view placeholder)
{
    if (placeholder == "FILE" || placeholder == "TAR") {
        return Files::any;
    }
    return placeholder == "DIR" ? Files::directories : Files::none;
}

bool stands_for_itself(std::string_view word)
{
    const bool option = word.size() > 1 && word.starts_with('-');  // "-f" of "NAME|-f FILE" is offered behind a '-'
    return !word.empty() && !option &&
           std::ranges::none_of(word, [](char c) { return (c >= 'A' && c <= 'Z') || c == '['; });
}

void add_alternative(Completion& completion, const Line& line, std::string_view placeholder)
{
    if (const auto* source = source_of(line, placeholder)) {
        auto words = source->words != nullptr ? source->words(line.given) : Candidates{};
        std::ranges::move(words, std::back_inserter(completion.words));
        completion.files = std::max(completion.files, source->files);
    } else if (stands_for_itself(placeholder)) {
        completion.words.push_back({std::string{placeholder}});
    } else {
        completion.files = std::max(completion.files, files_of(placeholder));
    }
}

/// What "auto|host|MODEL" or "ID,..." stands for; `word` is completed, its first `kept` bytes are no part of the value.
Completion value_of(Line& line, std::string_view placeholder, const std::string& word, std::size_t kept)
{
    constexpr std::string_view and_more = ",...";
    if (placeholder.ends_with(and_more)) {
        placeholder.remove_suffix(and_more.size());
        const auto comma = word.rfind(',');
        kept = comma == std::string::npos ? kept : std::max(kept, comma + 1);
    }
    line.given.typed = word.substr(kept);
    Completion completion{.kept = kept};
    for (const auto alternative : split(placeholder, '|')) {
        add_alternative(completion, line, first_part(alternative, line.given.typed));
    }
    for (Candidate& candidate : completion.words) {
        candidate.word.insert(0, word, 0, kept);
    }
    return completion;
}

Completion option_names(const Line& line)
{
    Completion completion;
    for (const auto& option : line.options.options()) {
        if (is_repeatable(*option) || !line.given.option(option->long_name())) {
            completion.words.push_back({"--" + option->long_name(), option->description()});
        }
    }
    return completion;
}

/// The placeholder of the next operand in "BRIDGE PORT..." or "[NAME|URL...]"; empty: there is none.
std::string operand_placeholder(const Line& line)
{
    auto place = line.given.operands.size();
    std::string_view last;
    bool repeats = false;
    for (auto word : words(line.command.operands.usage)) {
        word.remove_prefix(word.starts_with('[') ? 1 : 0);
        word.remove_suffix(word.ends_with(']') && word.find('[') == std::string_view::npos ? 1 : 0);
        if (word == "--" && line.operands_only) {
            continue;
        }
        repeats = word.ends_with("...");
        word.remove_suffix(repeats ? 3 : 0);
        last = word;
        if (place-- == 0) {
            return std::string{word};
        }
    }
    return repeats ? std::string{last} : std::string{};
}

Completion next_of(Line& line, const std::string& word)
{
    if (line.waiting != nullptr) {
        return value_of(line, placeholder_of(*line.waiting), word, 0);
    }
    const auto equals = word.find('=');
    if (!line.operands_only && word.starts_with("--") && equals != std::string::npos) {
        const auto* option = line.options.find_nothrow(word.substr(2, equals - 2), false);
        return option != nullptr ? value_of(line, placeholder_of(*option), word, equals + 1) : Completion{};
    }
    if (!line.operands_only && word.starts_with('-')) {
        return option_names(line);
    }
    if (line.given.operands.size() >= line.command.operands.most) {
        return word.empty() && !line.operands_only ? option_names(line) : Completion{};
    }
    return value_of(line, operand_placeholder(line), word, 0);
}

/// What follows the words that commands begin with: "add" and "del" behind "vlan ".
Completion command_words(const Tool& tool, std::string_view beginning)
{
    Completion completion;
    for (const Command& command : tool.commands) {
        if (!command.name.starts_with(beginning)) {
            continue;
        }
        const auto rest = command.name.substr(beginning.size());
        const auto word = rest.substr(0, rest.find(' '));
        const auto help = word == rest ? command.summary : rest.substr(word.size() + 1);
        const auto known = std::ranges::find(completion.words, word, &Candidate::word);
        if (known == completion.words.end()) {
            completion.words.push_back({std::string{word}, std::string{help}});
        } else if (word != rest) {
            known->help += fmt::format(", {}", help);
        }
    }
    return completion;
}

}  // namespace

Completion complete(const Tool& tool, const std::vector<std::string>& words)
{
    const std::string& word = words.back();
    const std::vector<std::string> before(words.begin(), words.end() - 1);
    const auto first = std::ranges::find_if_not(before, is_common_switch);
    if (first == before.end() && !word.starts_with('-')) {
        return command_words(tool, "");
    }
    const auto choice = choose(tool, before);
    if (!choice) {
        return command_words(tool, fmt::format("{} ", fmt::join(first, before.end(), " ")));
    }
    Line line{tool, *choice->command, options_of(tool, *choice->command)};
    for (const std::string& given : choice->rest) {
        read_word(line, given);
    }
    auto completion = next_of(line, word);
    if (before.empty() && word.find('=') == std::string::npos) {
        completion.words.push_back({"--version", "tell the version"});
    }
    return completion;
}

}  // namespace kvmkit::cli
