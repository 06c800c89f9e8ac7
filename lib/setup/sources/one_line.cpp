// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "setup/sources/internal/readers.hpp"

namespace kvmkit::setup {
namespace {

/// What stands before a comment. Inside of [options] a '#' is none.
std::string_view without_comment(std::string_view line)
{
    bool inside = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        inside = line[i] == '[' || (inside && line[i] != ']');
        if (line[i] == '#' && !inside) {
            return line.substr(0, i);
        }
    }
    return line;
}

/// "[arch=amd64 signed-by=/a]" without its brackets.
std::map<std::string, std::string> read_options(std::string_view text)
{
    std::map<std::string, std::string> options;
    for (const auto word : words(text)) {
        const auto equals = word.find('=');
        const auto value = equals == std::string_view::npos ? std::string_view{} : word.substr(equals + 1);
        options[lower_case(word.substr(0, equals))] = value;
    }
    return options;
}

/// Reads "deb [options] uri suite component...", or says in `cause` why it cannot be.
std::optional<SourceEntry> read_entry(std::string_view content, std::size_t begin, std::string& cause)
{
    const auto first = source_words(content, begin).front();
    SourceEntry entry{.types = {first.text}};
    std::string_view rest = content.substr(first.end() - begin);
    std::size_t rest_begin = first.end();
    if (first.text != "deb" && first.text != "deb-src") {
        cause = "type '" + first.text + "' is not known";
        return std::nullopt;
    }
    if (const auto open = rest.find_first_not_of(" \t"); open != std::string_view::npos && rest[open] == '[') {
        const auto close = rest.find(']', open);
        if (close == std::string_view::npos) {
            cause = "the options have no end";
            return std::nullopt;
        }
        entry.options = read_options(rest.substr(open + 1, close - open - 1));
        rest_begin += close + 1;
        rest = rest.substr(close + 1);
    }
    auto others = source_words(rest, rest_begin);
    if (others.size() < 2) {
        cause = others.empty() ? "there is no URI" : "there is no suite";
        return std::nullopt;
    }
    entry.uris = {others[0]};
    entry.suites = {others[1]};
    for (std::size_t i = 2; i < others.size(); ++i) {
        entry.components.push_back(others[i].text);
    }
    if (entry.components.empty() == !others[1].text.ends_with('/')) {
        cause = entry.components.empty() ? "there is no component" : "a suite with a path takes no component";
        return std::nullopt;
    }
    return entry;
}

}  // namespace

SourceEntries read_one_line_entries(std::string_view text)
{
    SourceEntries found;
    for (const SourceLine& line : source_lines(text)) {
        const auto content = without_comment(line.text);
        if (trim(content).empty()) {
            continue;
        }
        std::string cause;
        // A form feed is no blank for trim(), and a word for nobody.
        auto entry = source_words(content, line.begin).empty() ? std::nullopt : read_entry(content, line.begin, cause);
        if (!entry) {
            found.malformed.push_back({line.number, cause.empty() ? "it holds nothing" : cause});
            continue;
        }
        entry->begin = line.begin;
        entry->end = line.end;
        entry->line = line.number;
        found.entries.push_back(std::move(*entry));
    }
    return found;
}

}  // namespace kvmkit::setup
