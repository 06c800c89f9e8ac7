// SPDX-License-Identifier: Apache-2.0
#include "commands.hpp"
#include "words.hpp"

#include <array>

namespace cli = kvmkit::cli;
namespace commands = kvmkit::kvm_check;

int main(int argc, char** argv)
{
    static constexpr std::array rows{
        cli::Command{
            "run", "say whether this host runs KVM guests, and how fast", {}, commands::declare_run, commands::run},
        cli::Command{"nested",
                     "say whether guests can run guests of their own, and prove it",
                     {},
                     commands::declare_nested,
                     commands::nested},
        cli::Command{"vms",
                     "show the VMs of this host, and whether they hurt each other",
                     {},
                     commands::declare_vms,
                     commands::vms},
        cli::Command{"explain",
                     "say what the lines of a log mean, and what mends it",
                     {"[FILE]", 0, 1},
                     commands::declare_explain,
                     commands::explain},
        cli::Command{"capture",
                     "record this host in a file, for 'run --root'",
                     {"FILE", 1, 1},
                     commands::declare_capture,
                     commands::capture},
        cli::Command{"diff",
                     "say what differs between two recorded hosts or reports",
                     {"A B", 2, 2},
                     commands::declare_diff,
                     commands::diff},
        cli::Command{"list", "list the checks", {}, commands::declare_list, commands::list},
        cli::Command{
            "show", "say what a check asks and what mends it", {"ID", 1, 1}, commands::declare_show, commands::show},
    };
    constexpr cli::Tool tool{
        "kvm-check", "Runs guests to tell whether KVM works on this host.", "run", rows, "", commands::sources};
    return cli::run_tool(tool, argc, argv, cli::system_console());
}
