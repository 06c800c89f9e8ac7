// SPDX-License-Identifier: Apache-2.0
#include "check/boot_options.hpp"
#include "check/catalogue.hpp"
#include "check/operators.hpp"
#include "check/skipping.hpp"
#include "check/traits.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

const CpuFacts* cpu_of(const HostFacts& host)
{
    return host.cpu && *host.cpu ? &**host.cpu : nullptr;
}

Verdict judge_heterogeneous(const HostFacts& host)
{
    const CpuDetails& details = host.cpu_details;
    if (details.cpus == 0) {
        return is_foreign(host) ? does_not_apply("PCs only") : nothing_at(host, "/proc/cpuinfo with flags");
    }
    for (const std::string_view flag : {"vmx", "svm"}) {
        if (details.uneven.contains(flag)) {
            return warn(fmt::format("some of the {} CPUs have the flag {} and others lack it: KVM's module cannot load",
                                    details.cpus,
                                    flag),
                        Remedy{"update the firmware, and switch virtualization on for every CPU in its setup",
                               {"grep -c -w -e vmx -e svm /proc/cpuinfo", "nproc"},
                               Where::firmware});
        }
    }
    if (details.odd == 0) {
        return pass(details.cpus == 1 ? std::string{"there is one CPU"}
                                      : fmt::format("the {} CPUs have the same flags", details.cpus));
    }
    return pass(
        fmt::format("{} of {} CPUs differ from the first in {}: pin guests that use -cpu host to CPUs of one kind",
                    details.odd,
                    details.cpus,
                    fmt::join(details.uneven, ", ")));
}

Verdict judge_slat(const HostFacts& host)
{
    const CpuFacts* cpu = cpu_of(host);
    const VirtFlag flag = cpu == nullptr ? VirtFlag::none : virt_flag(*cpu);
    if (is_foreign(host)) {
        return does_not_apply("PCs only");
    }
    if (flag == VirtFlag::none) {
        return skip("neither vmx nor svm among the CPU's flags");
    }
    const bool amd = flag == VirtFlag::svm;
    const std::string_view name = amd ? "npt" : "ept";
    if (cpu->has_flag(name) || host.cpu_details.vmx.contains(name)) {
        return pass(fmt::format("the CPU translates guests' addresses ({} among its flags)", name));
    }
    return warn(fmt::format("the CPU's flags have {} but no {}: KVM keeps page tables for its guests, which are slower",
                            word(flag),
                            name),
                is_guest(host) ? operator_remedy(host) : std::nullopt);
}

Verdict judge_vmx_caps(const HostFacts& host)
{
    const auto& vmx = host.cpu_details.vmx;
    if (!vmx.empty()) {
        return pass(fmt::format("VMX with {}", fmt::join(vmx, " ")));
    }
    const CpuFacts* cpu = cpu_of(host);
    return cpu != nullptr && virt_flag(*cpu) == VirtFlag::vmx ? skip("/proc/cpuinfo has no line \"vmx flags\"")
                                                              : does_not_apply("Intel only");
}

Verdict judge_address_bits(const HostFacts& host)
{
    const CpuDetails& details = host.cpu_details;
    if (!details.physical_bits || !details.virtual_bits) {
        return is_foreign(host) ? does_not_apply("PCs only") : nothing_at(host, "/proc/cpuinfo with address sizes");
    }
    return pass(fmt::format(
        "{} bits of physical addresses, {} of virtual ones", *details.physical_bits, *details.virtual_bits));
}

Verdict judge_tsc(const HostFacts& host)
{
    const CpuFacts* cpu = cpu_of(host);
    if (!is_pc(host) || cpu == nullptr || !cpu->has_flag("tsc")) {
        return is_foreign(host) ? does_not_apply("PCs only") : skip("no tsc among the CPU's flags");
    }
    const bool constant = cpu->has_flag("constant_tsc");
    const bool nonstop = cpu->has_flag("nonstop_tsc");
    if (constant && nonstop) {
        return pass("the TSC runs evenly and does not stop");
    }
    return skip(fmt::format(
        "the TSC {}: guests take the time from kvm-clock",
        constant ? "may stop while the CPU sleeps (no nonstop_tsc)" : "may change its pace (no constant_tsc)"));
}

/// Those by which one guest may read what another or the host holds.
constexpr std::array<std::string_view, 6> of_guests{
    "itlb_multihit", "l1tf", "mds", "mmio_stale_data", "tsx_async_abort", "vmscape"};

/// "Vulnerable...", "KVM: Vulnerable", "Mitigation: PTE Inversion; VMX: vulnerable".
bool is_open(std::string_view state)
{
    return state.starts_with("Vulnerable") || state.starts_with("KVM: Vulnerable") ||
           state.find("VMX: vulnerable") != std::string_view::npos;
}

Remedy close_them(const HostFacts& host)
{
    const auto& line = host.kernel_settings.command_line;
    const auto off = line && *line ? command_line_word(**line, "mitigations") : std::nullopt;
    if (off && *off == "mitigations=off") {
        return remove_boot_option(host, *off);
    }
    const auto distribution = distribution_id(host);
    const bool amd = has_amd(host);
    Remedy remedy{"update the CPU's microcode and the kernel, then start anew"};
    if (distribution == "debian" || distribution == "ubuntu") {
        remedy.commands = {fmt::format("apt-get install {}-microcode", amd ? "amd64" : "intel")};
    } else if (distribution == "fedora" || distribution == "rhel") {
        remedy.commands = {fmt::format("dnf upgrade kernel {}", amd ? "linux-firmware" : "microcode_ctl")};
    }
    return remedy;
}

Verdict judge_vulnerabilities(const HostFacts& host)
{
    const auto& known = host.kernel_settings.vulnerabilities;
    if (!known) {
        return unknown(known.error());
    }
    if (!*known || (*known)->empty()) {
        return nothing_at(host, "/sys/devices/system/cpu/vulnerabilities");
    }
    std::vector<std::string> open;
    for (const auto name : of_guests) {
        const auto found = (*known)->find(std::string{name});
        if (found != (*known)->end() && is_open(found->second)) {
            open.push_back(fmt::format("{} ({})", name, found->second));
        }
    }
    if (open.empty()) {
        return pass("nothing that guests could use is said to be vulnerable");
    }
    const auto evidence = fmt::format("a guest may read what is not its own: {}", fmt::join(open, ", "));
    return is_guest(host) ? skip(fmt::format("{}; the hypervisor below has to see to it", evidence))
                          : warn(evidence, close_them(host));
}

constexpr std::array checks{
    Check{"cpu.heterogeneous", "all CPUs are alike", Severity::advisory, {}, judge_heterogeneous},
    Check{"cpu.slat", "the CPU translates guests' addresses", Severity::advisory, {"cpu.virt_ext"}, judge_slat},
    Check{"cpu.vmx_caps", "what VMX can do", Severity::advisory, {"cpu.virt_ext"}, judge_vmx_caps},
    Check{"cpu.address_bits", "the width of addresses", Severity::advisory, {}, judge_address_bits},
    Check{"cpu.tsc", "the CPU's clock is even", Severity::advisory, {}, judge_tsc},
    Check{"cpu.vulnerabilities", "guests cannot read others", Severity::advisory, {}, judge_vulnerabilities},
};

}  // namespace

std::span<const Check> cpu_feature_checks()
{
    return checks;
}

}  // namespace kvmkit
