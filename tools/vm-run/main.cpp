// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "words.hpp"

namespace cli = kvmkit::cli;
namespace vm_run = kvmkit::vm_run;

int main(int argc, char** argv)
{
    constexpr cli::Tool tool{
        "vm-run", "Launches VMs and shows where they run.", "list", vm_run::commands, vm_run::closing, vm_run::sources};
    return cli::run_tool(tool, argc, argv, cli::system_console());
}
