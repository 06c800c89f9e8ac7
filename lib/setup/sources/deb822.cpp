// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "setup/sources/internal/readers.hpp"

#include <algorithm>
#include <array>
#include <iterator>

namespace kvmkit::setup {
namespace {

bool says_no(std::string_view value)
{
    constexpr std::array<std::string_view, 6> no{"no", "false", "without", "off", "disable", "0"};
    return std::ranges::find(no, lower_case(trim(value))) != no.end();
}

std::vector<std::string> texts(const std::vector<SourceWord>& found)
{
    std::vector<std::string> plain;
    std::ranges::transform(found, std::back_inserter(plain), &SourceWord::text);
    return plain;
}

/// One stanza as it grows line by line.
class Stanza {
public:
    [[nodiscard]] bool empty() const { return fields_.empty() && cause_.empty(); }

    void add(const SourceLine& line)
    {
        if (line.text.front() == '#') {
            return;
        }
        if (empty()) {
            begin_ = line.begin;
            number_ = line.number;
        }
        end_ = line.end;
        const bool goes_on = line.text.front() == ' ' || line.text.front() == '\t';
        const auto colon = line.text.find(':');
        if (!goes_on && colon == std::string_view::npos) {
            fail("'" + std::string{line.text} + "' is no field");
        } else if (!goes_on) {
            last_ = lower_case(line.text.substr(0, colon));
            fields_[last_] = {};
            add_value(line, colon + 1);
        } else if (last_.empty()) {
            fail("it begins with a blank");
        } else {
            add_value(line, 0);
        }
    }

    void finish(SourceEntries& into)
    {
        if (cause_.empty()) {
            for (const auto* needed : {"types", "uris", "suites"}) {
                if (fields_[needed].words.empty()) {
                    fail(std::string{"it has no field '"} + needed + "'");
                    break;
                }
            }
        }
        if (!cause_.empty()) {
            into.malformed.push_back({number_, cause_});
        } else {
            into.entries.push_back(entry());
        }
    }

private:
    struct Field {
        std::vector<SourceWord> words;
        std::string value;
    };

    void fail(std::string cause) { cause_ = cause_.empty() ? std::move(cause) : cause_; }

    void add_value(const SourceLine& line, std::size_t from)
    {
        Field& field = fields_[last_];
        const auto part = line.text.substr(from);
        const auto found = source_words(part, line.begin + from);
        field.words.insert(field.words.end(), found.begin(), found.end());
        field.value += field.value.empty() ? "" : "\n";
        field.value += trim(part);
    }

    SourceEntry entry()
    {
        SourceEntry made{.begin = begin_,
                         .end = end_,
                         .line = number_,
                         .enabled = !says_no(fields_["enabled"].value),
                         .types = texts(fields_["types"].words),
                         .uris = fields_["uris"].words,
                         .suites = fields_["suites"].words,
                         .components = texts(fields_["components"].words)};
        for (const auto& [name, field] : fields_) {
            made.options[name] = field.value;
        }
        return made;
    }

    std::map<std::string, Field> fields_;
    std::string last_;
    std::string cause_;
    std::size_t begin_ = 0;
    std::size_t end_ = 0;
    unsigned number_ = 0;
};

}  // namespace

SourceEntries read_deb822_entries(std::string_view text)
{
    SourceEntries found;
    Stanza stanza;
    for (const SourceLine& line : source_lines(text)) {
        if (!trim(line.text).empty()) {
            stanza.add(line);
        } else if (!stanza.empty()) {
            stanza.finish(found);
            stanza = {};
        }
    }
    if (!stanza.empty()) {
        stanza.finish(found);
    }
    return found;
}

}  // namespace kvmkit::setup
