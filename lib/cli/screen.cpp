// SPDX-License-Identifier: Apache-2.0
#include "cli/screen.hpp"

#include "base/text.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

namespace kvmkit::cli {
namespace {

/// Absent size (a serial line): nothing is cut.
std::size_t terminal_rows()
{
    winsize size{};
    const bool told = ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0;
    return told ? size.ws_row : static_cast<std::size_t>(-1);
}

}  // namespace

bool output_is_terminal()
{
    const char* kind = std::getenv("TERM");  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    const bool dumb = kind == nullptr || std::string_view{kind} == "dumb";
    return ::isatty(STDOUT_FILENO) == 1 && !dumb;
}

void redraw(std::ostream& out, std::string_view text)
{
    constexpr std::string_view top_left = "\x1b[?7l\x1b[H";  // no wrapping: a line takes one row however narrow it is
    constexpr std::string_view clear_to_line_end = "\x1b[K";
    constexpr std::string_view clear_below = "\x1b[J\x1b[?7h";
    const auto all = lines(text);
    const std::size_t rows = terminal_rows();
    const bool fits = all.size() < rows;  // the last row is where the cursor comes to rest
    const std::size_t shown = fits ? all.size() : rows - std::min<std::size_t>(rows, 2);
    out << top_left;
    for (std::size_t line = 0; line < shown; ++line) {
        out << all[line] << clear_to_line_end << '\n';
    }
    if (!fits) {
        out << fmt::format("... {} more lines; --json holds them all", all.size() - shown) << clear_to_line_end << '\n';
    }
    out << clear_below << std::flush;
}

}  // namespace kvmkit::cli
