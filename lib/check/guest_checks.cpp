// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/operators.hpp"

#include <fmt/format.h>

namespace kvmkit {
namespace {

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
        return pass(fmt::format("a {} guest ran, made and gone in {:.1f} ms", kind, milliseconds((*run)->took)));
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
    return fail(
        fmt::format(
            "{}: {:.0f} times slower, so KVM emulates{}", evidence, measured.ratio(), is_pvm(host) ? " (kvm_pvm)" : ""),
        emulation_remedy(host));
}

/// Whether guests may in turn run guests. Only a warning: nobody needs it to run the first.
Verdict judge_nested(const HostFacts& host)
{
    const auto& nested = host.kvm.nested;
    if (!nested) {
        return unknown(nested.error());
    }
    if (!*nested) {
        return pass("this KVM has no switch for nested guests");
    }
    const std::string& value = **nested;
    if (value == "Y" || value == "1") {
        return pass("nested guests are allowed");
    }
    const bool amd = host.kvm.modules && *host.kvm.modules && (*host.kvm.modules)->contains("kvm_amd");
    const auto* module = amd ? "kvm_amd" : "kvm_intel";
    return warn(fmt::format("/sys/module/{}/parameters/nested is {}: guests cannot use KVM themselves", module, value),
                Remedy{"if guests shall run guests, allow it while no VM runs",
                       {fmt::format("echo 'options {} nested=1' >/etc/modprobe.d/kvm-nested.conf", module),
                        fmt::format("modprobe -r {0} && modprobe {0}", module)}});
}

constexpr std::array checks{
    Check{"kvm.run_real", "a 16 bit guest runs", Severity::required, {"kvm.create_vm"}, judge_real},
    Check{"kvm.run_long", "a 64 bit guest with paging runs", Severity::essential, {"kvm.create_vm"}, judge_long},
    Check{"kvm.guest_speed", "guests run at native speed", Severity::required, {"kvm.run_long"}, judge_speed},
    Check{"nested.param", "guests may run guests", Severity::advisory, {"kvm.module"}, judge_nested},
};

}  // namespace

std::span<const Check> guest_checks()
{
    return checks;
}

}  // namespace kvmkit
