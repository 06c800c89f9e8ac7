// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/speed.hpp"

#include "kvm/internal/layout.hpp"
#include "kvm/internal/run.hpp"
#include "kvm/internal/thread_time.hpp"

#include <sys/ioctl.h>

#include <algorithm>

namespace kvmkit::kvm {
namespace {

/// The fastest of several slices counts: one in which somebody else had the CPU tells nothing about it. A slice takes
/// less than a millisecond where the CPU runs the guest; the watchdog bounds it where KVM emulates.
constexpr int slices = 8;
constexpr std::uint32_t guest_turns = 1U << 19U;
constexpr std::uint32_t host_turns = 1U << 17U;

void count_down(std::uint32_t turns)
{
#if defined(__x86_64__)
    asm volatile("1: decl %0\n\tjnz 1b" : "+r"(turns) : : "cc");
#else
    for (std::uint32_t left = turns; left > 0; --left) {
        asm volatile("" : : "r"(left));
    }
#endif
}

/// How many turns were left when the guest was taken out of its loop.
std::uint64_t turns_left(const Machine& machine)
{
#if defined(__x86_64__)
    struct kvm_regs regs {};
    return ::ioctl(machine.vcpu(), KVM_GET_REGS, &regs) == 0 ? regs.rcx : guest_turns;
#else
    (void)machine;
    return guest_turns;
#endif
}

Measured run_loop(const Machine& machine, std::chrono::milliseconds budget)
{
    const std::int64_t begin = thread_time();
    const Departure departure = enter(machine, budget);
    const std::int64_t spent = thread_time() - begin;
    const bool said = departure.kind == Departure::Kind::said && departure.word == 'S';
    const bool stopped = departure.kind == Departure::Kind::ended && departure.result.ended == Ended::never_ended;
    if (!said && !stopped) {
        const bool failed = departure.kind == Departure::Kind::ended;
        return {failed ? departure.result : GuestResult{.ended = Ended::wrong_result, .code = departure.word}, {}};
    }
    const std::uint64_t left = said ? 0 : turns_left(machine);
    if (left >= guest_turns) {
        return {{.ended = Ended::never_ended, .microseconds = spent / 1000}, {}};
    }
    return {{.ended = Ended::passed}, {guest_turns - left, spent}};
}

}  // namespace

Measured measure_guest(int device, Ring ring, std::chrono::milliseconds budget)
{
    using Clock = std::chrono::steady_clock;
    auto machine = Machine::build(device);
    if (!machine) {
        return {not_begun(machine.error()), {}};
    }
    machine->load(layout::code, loop_code());
    const auto end = Clock::now() + budget;
    Measured fastest;
    for (int slice = 0; slice < slices && (slice == 0 || Clock::now() < end); ++slice) {
        if (auto ready = enter_long_mode(*machine, ring, {.rcx = guest_turns}); !ready) {
            return {not_begun(ready.error()), {}};
        }
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
        const Measured measured = run_loop(*machine, std::max(left, std::chrono::milliseconds{1}));
        if (slice == 0) {
            fastest = measured;
        }
        if (measured.result.ended != Ended::passed) {
            return fastest;
        }
        if (measured.time.per_turn() < fastest.time.per_turn()) {
            fastest = measured;
        }
    }
    return fastest;
}

LoopTime measure_host()
{
    LoopTime fastest;
    for (int slice = 0; slice < slices; ++slice) {
        const std::int64_t begin = thread_time();
        count_down(host_turns);
        const LoopTime measured{host_turns, thread_time() - begin};
        if (slice == 0 || measured.per_turn() < fastest.per_turn()) {
            fastest = measured;
        }
    }
    return fastest;
}

}  // namespace kvmkit::kvm
