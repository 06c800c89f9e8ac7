// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <ostream>
#include <string>
#include <string_view>

namespace kvmkit::cli {

enum class Colour { red, yellow, green, bold, faint };

/// Where a command writes. `out` carries the answer and nothing else; talk goes through the members, to `err`.
struct Console {
    std::ostream& out;
    std::ostream& err;
    bool out_colour = false;       ///< Standard output is a terminal, and neither NO_COLOR nor --no-colour is set.
    bool err_colour = false;       ///< The same for standard error.
    bool err_is_terminal = false;  ///< Progress may rewrite its line.
    bool quiet = false;            ///< --quiet: no progress and no notes.
    mutable bool progress_open = false;  ///< A rewritten line stands on the terminal.

    /// One line of talk, left out when quiet.
    void note(std::string_view text) const;
    /// One line that even a quiet run shows: a loud fallback, something left behind.
    void warn(std::string_view text) const;
    /// What is being done now: rewritten in place on a terminal, a plain line elsewhere, left out when quiet.
    void progress(std::string_view text) const;
    /// Ends a rewritten progress line, if there is one. Called before any other output on a terminal.
    void end_progress() const;
};

/// The real standard streams. Colour follows the terminal, NO_COLOR and TERM=dumb.
Console system_console();

/// The text in a colour, or as it is.
std::string paint(std::string_view text, Colour colour, bool enabled);

}  // namespace kvmkit::cli
