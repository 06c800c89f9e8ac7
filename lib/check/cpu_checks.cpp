// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/firmware_menu.hpp"
#include "check/operators.hpp"
#include "check/traits.hpp"

#include <utility>

#include <fmt/format.h>

namespace kvmkit {
namespace {

const char* extension_of(const CpuFacts& cpu)
{
    if (cpu.vendor.empty()) {
        return "VT-x or AMD-V";
    }
    return is_amd(cpu) ? "AMD-V" : "VT-x";
}

/// Whether something that needs the extension works already: a better witness than the flag.
bool kvm_shows_it(const HostFacts& host)
{
    return host.kvm.creates_machines() || has_module(host, "kvm_pvm");
}

Verdict switched_off(const HostFacts& host, const char* extension)
{
    auto remedy = firmware_remedy(host);
    if (is_guest(host)) {
        remedy.summary += "; a VM whose firmware has no such menu gets it from its operator";
    }
    return in_brief(
        fmt::format("{} is switched off in firmware (the CPU has it)", extension),
        fail(fmt::format("the CPU has {} (CPUID), but the kernel hides it: switched off in the firmware", extension),
             std::move(remedy)));
}

Verdict judge_missing_flag(const HostFacts& host, const CpuFacts& cpu)
{
    const CpuidFacts* cpuid = host.cpuid && *host.cpuid ? &**host.cpuid : nullptr;
    if (cpuid != nullptr && (cpuid->vmx || cpuid->svm)) {  // in a guest, too: its hypervisor did its part
        return switched_off(host, cpuid->vmx ? "VT-x" : "AMD-V");
    }
    if (is_guest(host)) {
        return in_brief(
            fmt::format("{}, {} not exposed", underlay_name(host), extension_of(cpu)),
            fail(fmt::format("neither vmx nor svm among the CPU's flags; this is {}", underlay_phrase(host)),
                 operator_remedy(host)));
    }
    if (cpuid == nullptr) {
        return in_brief(fmt::format("{} is most likely switched off in firmware", extension_of(cpu)),
                        fail("neither vmx nor svm among the CPU's flags: most likely switched off in the firmware",
                             firmware_remedy(host)));
    }
    return in_brief("this CPU has neither VT-x nor AMD-V",
                    fail("this CPU has neither VT-x nor AMD-V (CPUID)", std::nullopt));
}

Verdict judge_virt_ext(const HostFacts& host)
{
    if (is_foreign(host)) {
        const VirtFlag shown = host.cpu && *host.cpu ? virt_flag(**host.cpu) : VirtFlag::none;
        return pass(shown == VirtFlag::none ? fmt::format("{} shows no flag for it; /dev/kvm decides", **host.arch)
                                            : fmt::format("the CPU's features include {}", word(shown)));
    }
    const bool proven = kvm_shows_it(host);
    if (!host.cpu && !proven) {
        return unknown(host.cpu.error());
    }
    if (!proven && !*host.cpu) {
        return unknown("there is no /proc/cpuinfo");
    }
    const VirtFlag flag = host.cpu && *host.cpu ? virt_flag(**host.cpu) : VirtFlag::none;
    if (flag != VirtFlag::none) {
        return pass(fmt::format("the CPU's flags include {}", word(flag)));
    }
    return proven ? pass("neither vmx nor svm among the CPU's flags, but this KVM does without")
                  : judge_missing_flag(host, **host.cpu);
}

constexpr std::array checks{
    Check{"cpu.virt_ext",
          "the CPU offers virtualization",
          Severity::essential,
          {"underlay.xen_dom0", "underlay.wsl"},
          judge_virt_ext},
};

}  // namespace

std::span<const Check> cpu_checks()
{
    return checks;
}

}  // namespace kvmkit
