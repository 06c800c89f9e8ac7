// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::cli {

/// A command line of bash up to the cursor, taken apart as bash will do once it is finished.
struct ShellLine {
    std::vector<std::string> words = {};  ///< Without quotes; the last one is unfinished and may be empty.
    std::size_t kept = 0;     ///< How many bytes of the last word stand before what bash replaces: those of "bridge=".
    char quote = '\0';        ///< The quote that is open at the end.
    bool redirected = false;  ///< The last word is where output goes or input comes from.
};

/// Variables stay as they are written. `breaks` is bash's COMP_WORDBREAKS.
ShellLine split_shell_line(std::string_view line, std::string_view breaks);

/// A word as it is typed where that quote is open; without one with backslashes.
std::string quoted_for_shell(std::string_view word, char quote);

}  // namespace kvmkit::cli
