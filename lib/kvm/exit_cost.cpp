// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/exit_cost.hpp"

#include "kvm/internal/layout.hpp"
#include "kvm/internal/modes.hpp"
#include "kvm/internal/run.hpp"
#include "kvm/internal/thread_time.hpp"
#include "kvm/internal/watchdog.hpp"

#include <sys/ioctl.h>

namespace kvmkit::kvm {
namespace {

constexpr std::uint32_t exits = 64;

/// Goes back in after each OUT, under one watchdog: a timer for each would cost more than the exit.
LoopTime leave_by_output(const Machine& machine, std::chrono::milliseconds budget)
{
    const Watchdog watchdog{machine.run(), budget};
    const std::int64_t begin = thread_time();
    std::uint64_t turns = 0;
    while (watchdog.armed() && turns < exits && ::ioctl(machine.vcpu(), KVM_RUN, 0) == 0 &&
           machine.run()->exit_reason == KVM_EXIT_IO) {
        ++turns;
    }
    return {turns, thread_time() - begin};
}

}  // namespace

ExitCosts measure_exits(int device, std::chrono::milliseconds budget)
{
    auto machine = Machine::build(device);
    if (!machine) {
        return {not_begun(machine.error()), {}, {}};
    }
    machine->load(layout::code, exits_code());
    if (auto ready = enter_long_mode(*machine, Ring::kernel, {.rcx = exits}); !ready) {
        return {not_begun(ready.error()), {}, {}};
    }
    const std::int64_t begin = thread_time();
    const Departure spoken = enter(*machine, budget);
    const LoopTime kernel{exits, thread_time() - begin};
    if (spoken.kind != Departure::Kind::said || spoken.word != 'S') {
        const bool ended = spoken.kind == Departure::Kind::ended;
        return {ended ? spoken.result : GuestResult{.ended = Ended::wrong_result, .code = spoken.word}, {}, {}};
    }
    return {{.ended = Ended::passed}, kernel, leave_by_output(*machine, budget)};
}

}  // namespace kvmkit::kvm
