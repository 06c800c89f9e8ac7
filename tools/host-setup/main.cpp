// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "words.hpp"

namespace cli = kvmkit::cli;
namespace host_setup = kvmkit::host_setup;

int main(int argc, char** argv)
{
    constexpr cli::Tool tool{"host-setup",
                             "Makes this machine a KVM host: packages, modules, services.",
                             "status",
                             host_setup::commands,
                             host_setup::closing,
                             host_setup::sources};
    return cli::run_tool(tool, argc, argv, cli::system_console());
}
