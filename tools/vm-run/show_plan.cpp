// SPDX-License-Identifier: Apache-2.0
// The part of Launcher that shows what it would do.
#include "launcher.hpp"

#include "virt/launch/by_hand.hpp"
#include "virt/launch/driver_root.hpp"

#include <unistd.h>

#include <fmt/format.h>

namespace kvmkit::vm_run {

using cli::ExitCode;

Result<ExitCode> Launcher::show_plan()
{
    if (const auto driver = virt::driver_root_of(uri_)) {
        const virt::Step root{virt::MakeDriverRoot{*driver}};
        steps_.plan(describe(root), by_hand(root));
    }
    for (const auto& step : all_steps()) {
        steps_.plan(describe(step), by_hand(step));
    }
    report(Outcome::planned);
    if (!options_.json) {
        for (const auto& step : steps_.all()) {
            console_.out << fmt::format("  would {}\n", step.step);
            for (const auto& line : step.by_hand) {
                console_.out << fmt::format("    {}\n", line);
            }
        }
        if (options_.why) {
            print_decisions(console_, decisions());
        }
    }
    return ExitCode::no;
}

std::vector<virt::Decision> Launcher::decisions() const
{
    const bool vhost = ::access("/dev/vhost-net", F_OK) == 0;
    return virt::decisions_of(plan_, {accelerator_.why, accelerator_.cpu, vhost, network_why_});
}

}  // namespace kvmkit::vm_run
