// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/settings_file.hpp"

#include "base/text.hpp"
#include "setup/sources/internal/readers.hpp"

#include <algorithm>

namespace kvmkit::setup {
namespace {

bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/// Takes a file's lines one by one.
class SettingsReader {
public:
    explicit SettingsReader(SettingsDialect dialect) : dialect_(dialect) {}

    void take(const SourceLine& line)
    {
        const auto content = trim(line.text);
        if (is_repo() && goes_on_ && !content.empty() && is_blank(line.text.front())) {
            continue_with(line, content);
        } else if (content.empty() || content.front() == '#' || (content.front() == ';' && is_repo())) {
            goes_on_ = false;
        } else if (content.front() == '[') {
            open(line, content);
        } else {
            add(line, content);
        }
    }

    SettingsFile finish(std::size_t size) &&
    {
        close(size);
        return std::move(found_);
    }

private:
    [[nodiscard]] bool is_repo() const { return dialect_ == SettingsDialect::repo; }

    void fail(const SourceLine& line, std::string cause)
    {
        found_.malformed.push_back({line.number, std::move(cause)});
    }

    void close(std::size_t end)
    {
        if (!found_.sections.empty()) {
            found_.sections.back().end = end;
        }
    }

    void open(const SourceLine& line, std::string_view content)
    {
        goes_on_ = false;
        if (content.back() != ']' || content.size() < 3) {
            fail(line, "the section's name has no end");
            return;
        }
        close(line.begin);
        found_.sections.push_back({.id = std::string{content.substr(1, content.size() - 2)},
                                   .begin = line.begin,
                                   .body = line.end,
                                   .end = line.end,
                                   .line = line.number});
    }

    void add(const SourceLine& line, std::string_view content)
    {
        goes_on_ = false;
        const auto equals = content.find('=');
        if (is_repo() && (equals == std::string_view::npos || found_.sections.empty())) {
            fail(line, found_.sections.empty() ? "it stands in no section" : "it is no setting");
            return;
        }
        if (found_.sections.empty()) {
            found_.sections.push_back({.line = line.number});
        }
        const auto name = trim(content.substr(0, equals));
        const auto value =
            equals == std::string_view::npos ? content.substr(content.size()) : trim(content.substr(equals + 1));
        const auto begin = place_of(line, value.empty() ? content.substr(content.size()) : value);
        found_.sections.back().settings.push_back({.name = std::string{name},
                                                   .value = std::string{value},
                                                   .begin = line.begin,
                                                   .value_begin = begin,
                                                   .value_end = begin + value.size(),
                                                   .end = line.end,
                                                   .line = line.number});
        goes_on_ = true;
    }

    void continue_with(const SourceLine& line, std::string_view content)
    {
        Setting& last = found_.sections.back().settings.back();
        last.value += last.value.empty() ? "" : "\n";
        last.value += content;
        last.value_end = place_of(line, content) + content.size();
        last.end = line.end;
    }

    /// Where a part of a line stands in the file.
    static std::size_t place_of(const SourceLine& line, std::string_view part)
    {
        return line.begin + static_cast<std::size_t>(part.data() - line.text.data());
    }

    SettingsDialect dialect_;
    SettingsFile found_;
    bool goes_on_ = false;  ///< Whether the line before belongs to a setting.
};

}  // namespace

const Setting* SettingsSection::find(std::string_view name) const
{
    const Setting* found = nullptr;
    for (const Setting& setting : settings) {
        found = setting.name == name ? &setting : found;
    }
    return found;
}

std::string SettingsSection::value(std::string_view name) const
{
    const auto* found = find(name);
    return found != nullptr ? found->value : std::string{};
}

const SettingsSection* SettingsFile::find(std::string_view id) const
{
    const SettingsSection* found = nullptr;
    for (const SettingsSection& section : sections) {
        found = section.id == id ? &section : found;
    }
    return found;
}

SettingsFile read_settings(SettingsDialect dialect, std::string_view text)
{
    SettingsReader reader{dialect};
    for (const SourceLine& line : source_lines(text)) {
        reader.take(line);
    }
    return std::move(reader).finish(text.size());
}

void comment_out(std::string_view text, const Setting& setting, std::vector<SourceEdit>& edits)
{
    auto at = setting.begin;
    while (at < setting.end) {
        edits.push_back({at, at, "#"});
        at = std::min(text.find('\n', at), setting.end - 1) + 1;
    }
}

}  // namespace kvmkit::setup
