// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/cpu_model.hpp"
#include "check/operators.hpp"

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// Beyond the price of an exit through two hypervisors, some 10 to 50 us, something else is slow.
constexpr double dear_exit_ns = 50'000;

double microseconds(double nanoseconds)
{
    constexpr double thousand = 1'000;
    return nanoseconds / thousand;
}

Remedy look_below(const HostFacts& host)
{
    if (is_guest(host)) {
        return {
            "use TCG (-accel tcg) meanwhile, and ask for a newer hypervisor below: it offers this host what it does "
            "not fully have",
            {},
            Where::hypervisor};
    }
    return {"use TCG (-accel tcg) meanwhile, and see what the kernel says", {"dmesg | grep -i kvm"}};
}

double milliseconds(std::chrono::microseconds time)
{
    return std::chrono::duration<double, std::milli>(time).count();
}

Verdict judge_run(const HostFacts& host, const Fact<GuestRun>& run, const char* kind)
{
    if (!run) {
        return unknown(run.error());
    }
    if (!*run) {
        return unknown("it was not tried");
    }
    if ((*run)->passed) {
        return timed((*run)->took,
                     pass(fmt::format("a {} guest ran, made and gone in {:.1f} ms", kind, milliseconds((*run)->took))));
    }
    return fail(fmt::format("a {} guest does not run: {}", kind, (*run)->detail), look_below(host));
}

Verdict judge_real(const HostFacts& host)
{
    return judge_run(host, host.kvm.run_real, "16 bit");
}

Verdict judge_long(const HostFacts& host)
{
    return judge_run(host, host.kvm.run_long, "64 bit");
}

/// Who runs guests has to get the CPU back from one that never leaves by itself.
Verdict judge_watchdog(const HostFacts& host)
{
    if (is_foreign(host)) {
        return does_not_apply("no guest code for this architecture yet");
    }
    const auto& run = host.kvm.watchdog;
    if (!run) {
        return unknown(run.error());
    }
    if (!*run) {
        return skip("not recorded: a guest without an end");
    }
    if ((*run)->passed) {
        return timed((*run)->took,
                     pass(fmt::format("a guest that loops for ever was ended by a timer, made and gone in {:.1f} ms",
                                      milliseconds((*run)->took))));
    }
    return fail(fmt::format("a guest that loops for ever is not ended by a timer: {}", (*run)->detail),
                look_below(host));
}

bool is_pvm(const HostFacts& host)
{
    return host.kvm.modules && *host.kvm.modules && (*host.kvm.modules)->contains("kvm_pvm");
}

Remedy emulation_remedy(const HostFacts& host)
{
    if (is_pvm(host)) {
        return {
            "run guests with -accel tcg, as 'vm-run launch' does by itself, or boot guest kernels made for KVM-PVM"};
    }
    return {"run guests with -accel tcg; for native speed, move to a host whose CPU runs them"};
}

Verdict judge_speed(const HostFacts& host)
{
    const auto& speed = host.kvm.speed;
    if (!speed) {
        return unknown(speed.error());
    }
    if (!*speed) {
        return unknown("it was not measured");
    }
    const GuestSpeed& measured = **speed;
    const auto evidence = fmt::format("one turn of a loop takes a guest's kernel {:.1f} ns and the host {:.1f} ns",
                                      measured.kernel_ns,
                                      measured.host_ns);
    if (measured.ratio() <= emulation_ratio) {
        return pass(evidence);
    }
    return in_brief(
        fmt::format("{} opens, but runs guests by emulation only: use TCG", is_pvm(host) ? "KVM-PVM" : "KVM"),
        fail(fmt::format("{}: {:.0f} times slower, so KVM emulates{}",
                         evidence,
                         measured.ratio(),
                         is_pvm(host) ? " (kvm_pvm)" : ""),
             emulation_remedy(host)));
}

Verdict judge_writeback(const HostFacts& host)
{
    if (is_foreign(host)) {
        return does_not_apply("x86 only");
    }
    const auto& msrs = host.kvm.msrs;
    if (!msrs) {
        return unknown(msrs.error());
    }
    if (!*msrs) {
        return unknown("it was not tried");
    }
    const MsrWriteback& writeback = **msrs;
    if (writeback.refused == 0) {
        return pass(fmt::format("KVM takes back all {} MSRs that it advertises", writeback.checked));
    }
    return warn(fmt::format("QEMU with -cpu host would abort here: KVM advertises {} and refuses {} back",
                            refused_names(writeback),
                            writeback.refused == 1 ? "it" : "them"),
                writeback_remedy(writeback));
}

/// Tells a price; nothing is wrong with a high one, but it says why a host is slow at input and output.
Verdict judge_exit_cost(const HostFacts& host)
{
    if (is_foreign(host)) {
        return does_not_apply("no guest code for this architecture yet");
    }
    const auto& cost = host.kvm.exit_cost;
    if (!cost) {
        return unknown(cost.error());
    }
    if (!*cost) {
        return unknown("it was not measured");
    }
    auto evidence = fmt::format("leaving a guest takes {:.1f} us into the kernel", microseconds((*cost)->kernel_ns));
    if ((*cost)->user_ns) {
        evidence += fmt::format(", {:.1f} us to a program", microseconds(*(*cost)->user_ns));
    }
    if ((*cost)->kernel_ns <= dear_exit_ns) {
        return pass(std::move(evidence));
    }
    return warn(evidence + "; hardware takes about 1 us",
                Remedy{is_guest(host) ? "expect slow input and output of guests: this host is a guest itself, and each "
                                        "exit passes through the hypervisor below"
                                      : "expect slow input and output of guests"});
}

constexpr std::array checks{
    Check{"kvm.run_real", "a 16 bit guest runs", Severity::required, {"kvm.create_vcpu"}, judge_real},
    Check{"kvm.run_long", "a 64 bit guest with paging runs", Severity::essential, {"kvm.create_vcpu"}, judge_long},
    Check{"kvm.watchdog", "a guest can be stopped", Severity::required, {"kvm.run_long"}, judge_watchdog},
    Check{"kvm.guest_speed", "guests run at native speed", Severity::required, {"kvm.run_long"}, judge_speed},
    Check{"kvm.msr_writeback",
          "KVM takes the MSRs that it advertises",
          Severity::advisory,
          {"kvm.run_long"},
          judge_writeback},
    Check{"kvm.exit_cost", "leaving a guest is cheap", Severity::advisory, {"kvm.run_long"}, judge_exit_cost},
};

}  // namespace

std::span<const Check> guest_checks()
{
    return checks;
}

}  // namespace kvmkit
