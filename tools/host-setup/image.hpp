// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/tool.hpp"
#include "setup/image.hpp"

namespace kvmkit::host_setup {

/// --root of a command that works in an image. `doing` ends the line of its help.
void declare_image(cli::po::options_description_easy_init& add, const char* doing);

/// Whether "/" is an image by now: --root of a command that works in one.
bool in_image(const cli::Arguments& arguments);

/// Commands in a text as they are to be typed outside of the image, where "/" is one.
std::string as_typed(const std::string& text, const cli::Arguments& arguments);
void as_typed(std::vector<std::string>& texts, const cli::Arguments& arguments);

/// Runs a command on this host, or with --root in a process inside of that image, whose exit code is the command's.
/// One that changes the image keeps all others that do away; those that look go on beside it.
Result<cli::ExitCode> run_there(const cli::Arguments& arguments,
                                cli::Console& console,
                                setup::Visit visit,
                                Result<cli::ExitCode> (*command)(const cli::Arguments&, cli::Console&));

}  // namespace kvmkit::host_setup
