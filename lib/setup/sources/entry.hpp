// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// The two forms of apt's sources: NAME.list and NAME.sources.
enum class SourceFormat { one_line, deb822 };

/// By the name's end; absent for files that apt passes over.
std::optional<SourceFormat> source_format_of(std::string_view file_name);

/// A word of a file, and where it stands: what is replaced leaves all else as it was written.
struct SourceWord {
    std::string text;
    std::size_t begin = 0;

    [[nodiscard]] std::size_t end() const { return begin + text.size(); }
};

/// One line "deb ..." or one stanza.
struct SourceEntry {
    std::size_t begin = 0;  ///< In bytes of the file.
    std::size_t end = 0;    ///< Behind its last line end.
    unsigned line = 0;      ///< Of its first line, from 1.
    bool enabled = true;
    std::vector<std::string> types;  ///< "deb", "deb-src"
    std::vector<SourceWord> uris = {};
    std::vector<SourceWord> suites = {};
    std::vector<std::string> components = {};
    std::map<std::string, std::string> options = {};  ///< By lower-case name: "signed-by".
};

/// What apt would refuse the whole file for.
struct MalformedSource {
    unsigned line = 0;
    std::string cause;
};

struct SourceEntries {
    std::vector<SourceEntry> entries;
    std::vector<MalformedSource> malformed;
};

/// Reads a file's entries in their order; comments and blank lines are between them. Any bytes will do.
SourceEntries read_source_entries(SourceFormat format, std::string_view text);

/// Bytes to be replaced.
struct SourceEdit {
    std::size_t begin = 0;
    std::size_t end = 0;
    std::string text;
};

/// The text with the edits made, which must not overlap; every other byte is kept.
std::string with_edits(std::string_view text, std::vector<SourceEdit> edits);

}  // namespace kvmkit::setup
