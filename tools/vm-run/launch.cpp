// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "launcher.hpp"

namespace kvmkit::vm_run {

Result<cli::ExitCode> run_launch(const cli::Arguments& arguments, cli::Console& console)
{
    const auto options = read_launch_options(arguments);
    if (!options) {
        return options.error();
    }
    const auto launcher = Launcher::prepare(*options, console);
    if (!launcher) {
        return launcher.error();
    }
    return (*launcher)->run();
}

}  // namespace kvmkit::vm_run
