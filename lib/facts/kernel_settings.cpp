// SPDX-License-Identifier: Apache-2.0
#include "facts/kernel_settings.hpp"

#include "base/text.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit {
namespace {

std::string underscored(std::string_view name)
{
    std::string spelled{name};
    std::ranges::replace(spelled, '-', '_');
    return spelled;
}

/// Absent for a line that keeps no such module out.
std::optional<ModprobeRule> rule_of(std::string_view line, std::string_view beginning)
{
    const auto row = words(line);
    if (row.size() < 2) {
        return std::nullopt;
    }
    auto module = underscored(row[1]);
    if (!module.starts_with(beginning)) {
        return std::nullopt;
    }
    if (row[0] == "blacklist") {
        return ModprobeRule{"", std::move(module), false};
    }
    const bool nothing = row.size() > 2 && (row[2].ends_with("/false") || row[2].ends_with("/true") ||
                                            row[2] == "false" || row[2] == "true");
    return row[0] == "install" && nothing ? std::optional{ModprobeRule{"", std::move(module), true}} : std::nullopt;
}

}  // namespace

std::vector<ModprobeRule> parse_modprobe(std::string_view text, std::string_view beginning)
{
    std::vector<ModprobeRule> rules;
    for (const auto line : lines(text)) {
        if (auto rule = rule_of(line, beginning)) {
            rules.push_back(*std::move(rule));
        }
    }
    return rules;
}

std::string modprobe_lines(std::string_view text, std::string_view beginning)
{
    std::string kept;
    for (const auto line : lines(text)) {
        if (rule_of(line, beginning)) {
            kept += fmt::format("{}\n", line);
        }
    }
    return kept;
}

std::optional<std::string> command_line_word(std::string_view command_line, std::string_view key)
{
    std::optional<std::string> found;
    const auto wanted = underscored(key);
    for (const auto word : words(command_line)) {
        if (word == "--") {  // what follows is for init
            break;
        }
        if (underscored(word.substr(0, word.find('='))) == wanted) {
            found = std::string{word};
        }
    }
    return found;
}

}  // namespace kvmkit
