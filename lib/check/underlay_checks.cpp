// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/operators.hpp"

namespace kvmkit {
namespace {

Verdict judge_kind(const HostFacts& host)
{
    if (!host.underlay) {
        return unknown(host.underlay.error());
    }
    return *host.underlay ? pass(underlay_phrase(host)) : unknown("neither DMI nor the CPU tells");
}

/// Xen keeps the CPU's virtualization for itself; its dom0 shows vmx or svm all the same on older kernels.
Verdict judge_xen_dom0(const HostFacts& host)
{
    const bool dom0 = host.underlay && *host.underlay && (*host.underlay)->kind == Underlay::xen_dom0;
    if (!dom0 || host.kvm.creates_machines()) {
        return pass("this is not Xen's control domain");
    }
    return fail("this is Xen's control domain: Xen holds the CPU's virtualization, so KVM cannot have it",
                Remedy{"boot this kernel without Xen: choose its plain entry in the boot menu, and make it the default",
                       {"grub-set-default \"NAME OF THE PLAIN ENTRY\"", "reboot"}});
}

constexpr std::array checks{
    Check{"underlay.kind", "what this host runs on is known", Severity::advisory, {}, judge_kind},
    Check{"underlay.xen_dom0", "no other hypervisor owns this host", Severity::essential, {}, judge_xen_dom0},
};

}  // namespace

std::span<const Check> underlay_checks()
{
    return checks;
}

}  // namespace kvmkit
