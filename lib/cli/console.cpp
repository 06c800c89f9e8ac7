// SPDX-License-Identifier: Apache-2.0
#include "cli/console.hpp"

#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include <fmt/format.h>

namespace kvmkit::cli {
namespace {

std::string_view variable(const char* name)
{
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe): nobody changes the environment
    return value == nullptr ? std::string_view{} : value;
}

}  // namespace

void Console::note(std::string_view text) const
{
    if (!quiet) {
        end_progress();
        err << text << '\n' << std::flush;
    }
}

void Console::warn(std::string_view text) const
{
    end_progress();
    err << paint("warning: ", Colour::yellow, err_colour) << text << '\n' << std::flush;
}

void Console::progress(std::string_view text) const
{
    if (quiet) {
        return;
    }
    if (err_is_terminal) {
        err << "\r\x1b[K" << text << std::flush;
        progress_open = true;
    } else {
        err << text << '\n' << std::flush;
    }
}

void Console::end_progress() const
{
    if (progress_open) {
        err << "\r\x1b[K" << std::flush;
        progress_open = false;
    }
}

Console system_console()
{
    const bool wanted = variable("NO_COLOR").empty() && variable("TERM") != "dumb";
    const bool err_is_terminal = ::isatty(STDERR_FILENO) == 1;
    return {.out = std::cout,
            .err = std::cerr,
            .out_colour = wanted && ::isatty(STDOUT_FILENO) == 1,
            .err_colour = wanted && err_is_terminal,
            .err_is_terminal = err_is_terminal && variable("TERM") != "dumb"};
}

std::string paint(std::string_view text, Colour colour, bool enabled)
{
    if (!enabled) {
        return std::string{text};
    }
    std::string_view code;
    switch (colour) {
        case Colour::red: code = "31"; break;
        case Colour::yellow: code = "33"; break;
        case Colour::green: code = "32"; break;
        case Colour::bold: code = "1"; break;
        case Colour::faint: code = "2"; break;
    }
    return fmt::format("\x1b[{}m{}\x1b[0m", code, text);
}

}  // namespace kvmkit::cli
