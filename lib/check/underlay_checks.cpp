// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/operators.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit {
namespace {

Verdict judge_kind(const HostFacts& host)
{
    if (!host.underlay) {
        return unknown(host.underlay.error());
    }
    return *host.underlay ? pass(underlay_phrase(host)) : unknown("neither DMI nor the CPU tells");
}

Verdict judge_cloud(const HostFacts& host)
{
    if (!host.dmi) {
        return unknown(host.dmi.error());
    }
    if (!*host.dmi) {
        return skip("there is no DMI that would name a cloud");
    }
    const auto name = cloud_of(**host.dmi);
    return pass(name.empty() ? std::string{"DMI names no cloud that is known"} : fmt::format("DMI names {}", name));
}

Verdict judge_depth(const HostFacts& host)
{
    if (!host.underlay || !*host.underlay) {
        return skip("what this host runs on is not known");
    }
    const unsigned level = level_of(**host.underlay);
    if (level == 0) {
        return pass("no hypervisor is known below this host (L0): its guests are L1");
    }
    return pass(fmt::format("{} below this host (L{}): its guests are L{}",
                            level == 1 ? std::string{"a hypervisor lies"} : fmt::format("{} hypervisors lie", level),
                            level,
                            level + 1));
}

Verdict judge_container(const HostFacts& host)
{
    const auto& container = host.container;
    if (!container) {
        const auto& error = container.error();
        return error.code == ErrorCode::not_found ? skip(error.message) : unknown(error);
    }
    return pass(*container ? fmt::format("a container ({}), by {}", (*container)->type, (*container)->evidence)
                           : std::string{"none of a container's marks is there"});
}

/// What files said, else what the log of a recorded kernel says.
std::optional<ConfidentialFacts> confidential_guest(const HostFacts& host)
{
    if (host.confidential && *host.confidential) {
        return *host.confidential;
    }
    if (host.kernel_log && *host.kernel_log) {
        for (const auto& line : **host.kernel_log) {
            if (auto found = confidential_line(line)) {
                return found;
            }
        }
    }
    return std::nullopt;
}

Verdict judge_confidential(const HostFacts& host)
{
    const auto guest = confidential_guest(host);
    if (host.kvm.creates_machines()) {
        return pass(guest ? "a confidential guest, but KVM works" : "KVM works");
    }
    if (guest) {
        return in_brief(
            fmt::format("{} guest (confidential), which cannot nest", guest->type),
            fail(
                fmt::format(
                    "this is a confidential guest ({}, by {}): it gets no VT-x or AMD-V", guest->type, guest->evidence),
                Remedy{"use a VM of another type, without confidential computing", {}, Where::hypervisor}));
    }
    if (!host.confidential) {
        const auto& error = host.confidential.error();
        return error.code == ErrorCode::not_found ? skip(error.message) : unknown(error);
    }
    return pass("nothing says that this is a confidential guest");
}

/// WSL 1 calls its imitated kernel "4.4.0-19041-Microsoft", WSL 2 its real one "5.15.90.1-microsoft-standard-WSL2".
Verdict judge_wsl(const HostFacts& host)
{
    const bool wsl = host.underlay && *host.underlay && (*host.underlay)->kind == Underlay::wsl;
    if (!wsl) {
        return does_not_apply("this is not WSL");
    }
    const auto kernel = host.kernel ? host.kernel->value_or("") : "";
    if (host.kvm.creates_machines() || !kernel.ends_with("-Microsoft")) {
        return pass(fmt::format("WSL 2: the kernel {} is a real one", kernel));
    }
    return in_brief("WSL 1 has no Linux kernel, and so no KVM: convert it to WSL 2",
                    fail(fmt::format("this is WSL 1 (the kernel is {}): no Linux kernel, so no KVM", kernel),
                         Remedy{"convert this distribution to WSL 2, in Windows",
                                {"wsl --set-version NAME-OF-THE-DISTRIBUTION 2"},
                                Where::hypervisor}));
}

/// Xen keeps the CPU's virtualization for itself; its dom0 shows vmx or svm all the same on older kernels.
Verdict judge_xen_dom0(const HostFacts& host)
{
    const bool dom0 = host.underlay && *host.underlay && (*host.underlay)->kind == Underlay::xen_dom0;
    if (!dom0 || host.kvm.creates_machines()) {
        return pass("this is not Xen's control domain");
    }
    return in_brief(
        "Xen's control domain: Xen holds the CPU's virtualization",
        fail("this is Xen's control domain: Xen holds the CPU's virtualization, so KVM cannot have it",
             Remedy{"boot this kernel without Xen: choose its plain entry in the boot menu, and make it the default",
                    {"grub-set-default \"NAME OF THE PLAIN ENTRY\"", "reboot"}}));
}

constexpr std::array checks{
    Check{"underlay.kind", "what this host runs on is known", Severity::advisory, {}, judge_kind},
    Check{"underlay.cloud", "whose cloud this is", Severity::advisory, {}, judge_cloud},
    Check{"underlay.depth", "how many hypervisors lie below", Severity::advisory, {}, judge_depth},
    Check{"underlay.container", "what container this is", Severity::advisory, {}, judge_container},
    Check{"underlay.xen_dom0", "no other hypervisor owns this host", Severity::essential, {}, judge_xen_dom0},
    Check{"underlay.confidential",
          "this is no confidential guest",
          Severity::essential,
          {"underlay.xen_dom0"},
          judge_confidential},
    Check{"underlay.wsl",
          "WSL has a Linux kernel",
          Severity::essential,
          {"underlay.xen_dom0", "underlay.confidential"},
          judge_wsl},
};

}  // namespace

std::span<const Check> underlay_checks()
{
    return checks;
}

}  // namespace kvmkit
