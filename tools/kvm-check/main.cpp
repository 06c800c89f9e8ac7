// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include <array>

namespace cli = kvmkit::cli;
using kvmkit::kvm_check::declare_run;
using kvmkit::kvm_check::run;

int main(int argc, char** argv)
{
    static constexpr std::array commands{
        cli::Command{"run", "say whether this host runs KVM guests, and how fast", {}, declare_run, run}};
    constexpr cli::Tool tool{"kvm-check", "Runs guests to tell whether KVM works on this host.", "run", commands};
    return cli::run_tool(tool, argc, argv, cli::system_console());
}
