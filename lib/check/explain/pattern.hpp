// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// A word that a pattern caught. It holds letters, digits, '_', '-' and '.' only and starts with none of the last two:
/// it can stand in a command line as it is.
struct Capture {
    std::string_view name;
    std::string value;
};

using Captures = std::vector<Capture>;

/// The value caught under a name; empty: there is none.
std::string_view caught(const Captures& captures, std::string_view name);

enum class Match {
    yes,
    no,     ///< Not here.
    never,  ///< Neither here nor further to the right.
};

/// How the messages of others are recognised. A pattern is text that is compared without regard to case, in which '*'
/// stands for any run of bytes, "{name}" for a word that is caught, and a '$' at its end for the end of the line.
/// `text` is the line from the place on where the pattern is to begin. Takes linear time but for the length of the
/// pattern.
Match match_here(std::string_view pattern, std::string_view text, Captures& captures);

/// The text with "{name}" replaced by what was caught; names that nothing was caught under stay as they are.
std::string fill_in(std::string_view text, const Captures& captures);

/// By how many bytes of its beginning a pattern is looked up.
inline constexpr std::size_t key_bytes = 4;

/// Whether a pattern begins with at least `key_bytes` of plain text and closes what it opens.
constexpr bool is_well_formed(std::string_view pattern)
{
    if (pattern.find_first_of("*{}$") < key_bytes || pattern.size() < key_bytes) {
        return false;
    }
    bool open = false;
    for (std::size_t at = 0; at < pattern.size(); ++at) {
        const char c = pattern[at];
        if ((c == '{') == open && (c == '{' || c == '}')) {
            return false;
        }
        open = c == '{' || (open && c != '}');
        if ((c == '$' && at + 1 != pattern.size()) || (c == '*' && open)) {
            return false;
        }
    }
    return !open;
}

}  // namespace kvmkit
