// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/run.hpp"

#include "kvm/internal/layout.hpp"
#include "kvm/internal/modes.hpp"
#include "kvm/internal/watchdog.hpp"

#include <sys/ioctl.h>

#include <cerrno>

namespace kvmkit::kvm {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t magic = 0x1122334455667788;

Departure ended(Ended how, std::uint64_t code = 0)
{
    return {.result = {.ended = how, .code = code}};
}

Departure refused(const Refusal& refusal)
{
    return {.result = not_begun(refusal)};
}

Departure read_port(const struct kvm_run& run)
{
    const auto word = *(reinterpret_cast<const unsigned char*>(&run) + run.io.data_offset);
    if (run.io.direction == KVM_EXIT_IO_OUT && run.io.port == layout::word_port) {
        return {.kind = Departure::Kind::said, .word = word, .result = {}};
    }
    if (run.io.direction == KVM_EXIT_IO_OUT && run.io.port == layout::fault_port) {
        return ended(Ended::fault, word);
    }
    return ended(Ended::other_exit, KVM_EXIT_IO);
}

Departure read_exit(const struct kvm_run& run)
{
    switch (run.exit_reason) {
        case KVM_EXIT_IO: return read_port(run);
        case KVM_EXIT_HLT: return {.kind = Departure::Kind::halted, .result = {}};
        case KVM_EXIT_SHUTDOWN: return ended(Ended::triple_fault);
        case KVM_EXIT_FAIL_ENTRY: return ended(Ended::entry_failed, run.fail_entry.hardware_entry_failure_reason);
        case KVM_EXIT_INTERNAL_ERROR: return ended(Ended::internal_error, run.internal.suberror);
        default: return ended(Ended::other_exit, run.exit_reason);
    }
}

/// Expects one word and then a halt.
GuestResult judge_run(const Machine& machine, std::uint64_t expected, std::chrono::milliseconds budget)
{
    const Departure spoken = enter(machine, budget);
    if (spoken.kind == Departure::Kind::ended) {
        return spoken.result;
    }
    if (spoken.kind == Departure::Kind::halted || spoken.word != expected) {
        return {.ended = Ended::wrong_result, .code = spoken.word};
    }
    const Departure last = enter(machine, budget);
    if (last.kind == Departure::Kind::said) {
        return {.ended = Ended::wrong_result, .code = last.word};
    }
    return last.kind == Departure::Kind::halted ? GuestResult{.ended = Ended::passed} : last.result;
}

GuestResult timed(GuestResult result, Clock::time_point begin)
{
    result.microseconds = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
    return result;
}

GuestResult real_result(int device, std::chrono::milliseconds budget)
{
    auto machine = Machine::build(device);
    if (!machine) {
        return not_begun(machine.error());
    }
    machine->load(layout::code, real_mode_code());
    if (auto ready = enter_real_mode(*machine); !ready) {
        return not_begun(ready.error());
    }
    return judge_run(*machine, '4', budget);
}

GuestResult long_result(int device, std::chrono::milliseconds budget)
{
    auto machine = Machine::build(device);
    if (!machine) {
        return not_begun(machine.error());
    }
    machine->load(layout::code, long_mode_code());
    if (auto ready = enter_long_mode(*machine, Ring::kernel, {.rdi = layout::result, .rsi = magic}); !ready) {
        return not_begun(ready.error());
    }
    GuestResult result = judge_run(*machine, 'K', budget);
    if (result.ended == Ended::passed && machine->fetch(layout::result) != magic) {
        result = {.ended = Ended::wrong_result, .code = machine->fetch(layout::result)};
    }
    return result;
}

GuestResult endless_result(int device, std::chrono::milliseconds patience)
{
    auto machine = Machine::build(device);
    if (!machine) {
        return not_begun(machine.error());
    }
    machine->load(layout::code, spin_code());
    if (auto ready = enter_long_mode(*machine, Ring::kernel, {}); !ready) {
        return not_begun(ready.error());
    }
    const Departure departure = enter(*machine, patience);
    if (departure.kind == Departure::Kind::ended) {
        return departure.result;
    }
    return {.ended = Ended::wrong_result, .code = departure.word};
}

}  // namespace

GuestResult not_begun(const Refusal& refusal) noexcept
{
    return {.ended = Ended::refused, .call = refusal.call, .errnum = refusal.errnum};
}

Departure enter(const Machine& machine, std::chrono::milliseconds budget)
{
    const Watchdog watchdog{machine.run(), budget};
    if (!watchdog.armed()) {
        return refused({Call::run, EAGAIN});
    }
    if (::ioctl(machine.vcpu(), KVM_RUN, 0) == 0) {
        return read_exit(*machine.run());
    }
    return errno == EINTR ? ended(Ended::never_ended) : refused({Call::run, errno});
}

GuestResult run_real_guest(int device, std::chrono::milliseconds budget)
{
    const auto begin = Clock::now();
    return timed(has_guest_code ? real_result(device, budget) : GuestResult{.ended = Ended::no_guest_code}, begin);
}

GuestResult run_endless_guest(int device, std::chrono::milliseconds patience)
{
    const auto begin = Clock::now();
    return timed(has_guest_code ? endless_result(device, patience) : GuestResult{.ended = Ended::no_guest_code}, begin);
}

GuestResult run_long_guest(int device, std::chrono::milliseconds budget)
{
    const auto begin = Clock::now();
    return timed(has_guest_code ? long_result(device, budget) : GuestResult{.ended = Ended::no_guest_code}, begin);
}

}  // namespace kvmkit::kvm
