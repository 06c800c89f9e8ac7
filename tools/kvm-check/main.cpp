// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"

#include <array>

namespace cli = kvmkit::cli;
namespace kvm_check = kvmkit::kvm_check;

int main(int argc, char** argv)
{
    static constexpr std::array commands{
        cli::Command{
            "run", "say whether this host runs KVM guests, and how fast", {}, kvm_check::declare_run, kvm_check::run},
        cli::Command{"nested",
                     "say whether guests can run guests of their own, and prove it",
                     {},
                     kvm_check::declare_nested,
                     kvm_check::nested},
        cli::Command{"vms",
                     "show the VMs of this host, and whether they hurt each other",
                     {},
                     kvm_check::declare_vms,
                     kvm_check::vms}};
    constexpr cli::Tool tool{"kvm-check", "Runs guests to tell whether KVM works on this host.", "run", commands};
    return cli::run_tool(tool, argc, argv, cli::system_console());
}
