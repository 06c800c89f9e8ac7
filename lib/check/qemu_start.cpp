// SPDX-License-Identifier: Apache-2.0
#include "check/qemu_start.hpp"

#include <fmt/format.h>

namespace kvmkit {

Verdict judge_qemu_start(const HostFacts& host)
{
    const auto& start = host.qemu_start;
    if (!start) {
        return unknown(start.error());
    }
    if (!*start) {
        return skip("only on request: run --deep");
    }
    const QemuStart& trial = **start;
    if (trial.started) {
        return pass(fmt::format("QEMU made its vCPU and ended: {}", trial.command));
    }
    return fail(fmt::format("QEMU does not start: {}", trial.told.empty() ? "it says nothing" : trial.told),
                Remedy{"see what QEMU says, and what its line means",
                       {trial.command + " </dev/null 2>qemu.log", "kvm-check explain qemu.log"}});
}

}  // namespace kvmkit
