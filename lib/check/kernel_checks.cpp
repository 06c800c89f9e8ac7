// SPDX-License-Identifier: Apache-2.0
#include "base/shell.hpp"
#include "base/text.hpp"
#include "check/boot_options.hpp"
#include "check/catalogue.hpp"
#include "check/operators.hpp"
#include "check/skipping.hpp"
#include "check/traits.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

/// Of the two vendors' modules, only the one for this CPU matters.
bool is_wanted(const HostFacts& host, std::string_view module)
{
    return module == "kvm" || module == vendor_module(host) || module == "kvm_pvm" || module == "kvm_hv";
}

Verdict judge_blacklist(const HostFacts& host)
{
    for (const ModprobeRule& rule : host.kernel_settings.rules) {
        if (!is_wanted(host, rule.module)) {
            continue;
        }
        const auto what =
            fmt::format("/{} {} {}", rule.path, rule.forbids ? "forbids to load" : "blacklists", rule.module);
        if (has_module(host, rule.module)) {
            return pass(fmt::format("{}, but it is in the kernel", what));
        }
        return warn(fmt::format("{}: it is not loaded at boot", what),
                    Remedy{"take the line out and load the module",
                           {fmt::format("sed -i -E '/^\\s*(blacklist|install)\\s+{}(\\s|$)/d' {}",
                                        fmt::join(split(rule.module, '_'), "[-_]"),
                                        shell_word("/" + rule.path)),
                            fmt::format("modprobe {}", rule.module)}});
    }
    if (!host.resources.looked && host.kernel_settings.rules.empty()) {
        return nothing_at(host, "/etc/modprobe.d");
    }
    return pass("no rule of modprobe keeps KVM's modules out");
}

/// "module_blacklist=kvm_intel,foo": whether the list names a module of KVM that this host needs.
bool names_ours(const HostFacts& host, std::string_view word)
{
    auto list = std::string{word.substr(std::min(word.size(), word.find('=') + 1))};
    std::ranges::replace(list, '-', '_');
    const auto names = split(list, ',');
    return std::ranges::any_of(names, [&host](std::string_view name) { return is_wanted(host, name); });
}

/// The word that keeps KVM out; absent: none does.
std::optional<std::string> word_against_kvm(const HostFacts& host, std::string_view line)
{
    for (const std::string_view key : {"module_blacklist", "modprobe.blacklist"}) {
        auto word = command_line_word(line, key);
        if (word && names_ours(host, *word)) {
            return word;
        }
    }
    for (const std::string_view off : {"kvm-arm.mode=none", "nomodule", "clearcpuid=vmx", "clearcpuid=svm"}) {
        auto word = command_line_word(line, off.substr(0, off.find('=')));
        if (word && *word == off) {
            return word;
        }
    }
    return std::nullopt;
}

Verdict judge_command_line(const HostFacts& host)
{
    const auto& line = host.kernel_settings.command_line;
    if (!line) {
        return unknown(line.error());
    }
    if (!*line) {
        return nothing_at(host, "/proc/cmdline");
    }
    const auto word = word_against_kvm(host, **line);
    const bool loaded = has_module(host, vendor_module(host)) || has_module(host, "kvm_pvm");
    if (word && (loaded || host.kvm.creates_machines())) {
        return pass(fmt::format("KVM is in the kernel, in spite of {} on its command line", *word));
    }
    if (word) {
        return warn(fmt::format("the kernel's command line keeps KVM out: {}", *word), remove_boot_option(host, *word));
    }
    return pass("nothing on the kernel's command line keeps KVM out");
}

Verdict judge_nx_huge_pages(const HostFacts& host)
{
    const auto& parameter = host.kernel_settings.nx_huge_pages;
    if (!parameter) {
        return unknown(parameter.error());
    }
    if (!*parameter) {
        return host.resources.looked ? does_not_apply("this KVM has no parameter nx_huge_pages")
                                     : nothing_at(host, "/sys/module/kvm/parameters/nx_huge_pages");
    }
    const bool on = **parameter == "Y" || **parameter == "1";
    return pass(on ? "KVM splits huge pages that guests execute, which this CPU needs (iTLB multihit)"
                   : fmt::format("KVM maps huge pages whole (nx_huge_pages is {})", **parameter));
}

Verdict judge_capabilities(const HostFacts& host)
{
    const auto& told = host.kvm.capabilities;
    if (!told) {
        return unknown(told.error());
    }
    if (!*told) {
        return skip("not recorded: what KVM can do");
    }
    if ((*told)->missing.empty()) {
        return pass("KVM has all that QEMU wants of it");
    }
    return warn(fmt::format("KVM lacks {}: QEMU may end at its start", fmt::join((*told)->missing, ", ")),
                is_guest(host) ? operator_remedy(host) : Remedy{"boot a newer kernel"});
}

Verdict judge_vcpus(const HostFacts& host)
{
    const auto& told = host.kvm.capabilities;
    if (!told) {
        return unknown(told.error());
    }
    if (!*told || (*told)->max_vcpus == 0) {
        return skip("not recorded: what KVM can do");
    }
    return pass(
        fmt::format("a guest may have {} vCPUs; {} are recommended", (*told)->max_vcpus, (*told)->recommended_vcpus));
}

Verdict judge_lockdown(const HostFacts& host)
{
    const auto& lockdown = host.kernel_settings.lockdown;
    if (!lockdown) {
        return unknown(lockdown.error());
    }
    if (!*lockdown) {
        return nothing_at(host, "/sys/kernel/security/lockdown");
    }
    return pass(**lockdown == "none"
                    ? std::string{"the kernel is not locked down"}
                    : fmt::format("the kernel is locked down ({}): KVM works, but MSRs cannot be read", **lockdown));
}

/// Tells by which ways tools can watch guests; nothing is wrong with a host that has none.
Verdict judge_stats(const HostFacts& host)
{
    const auto& told = host.kvm.capabilities;
    if (!told) {
        return unknown(told.error());
    }
    const auto& counters = host.kvm.counters;
    const auto in_debugfs = counters && counters->value_or(0) > 0
                                ? fmt::format("; {} counters of the whole host in /sys/kernel/debug/kvm", **counters)
                                : std::string{};
    if (!*told || !(*told)->binary_stats) {
        return in_debugfs.empty() ? skip("not recorded: which counters KVM has") : pass(in_debugfs.substr(2));
    }
    if (*(*told)->binary_stats) {
        return pass(fmt::format("each VM and vCPU has counters (KVM_GET_STATS_FD; QEMU: query-stats){}", in_debugfs));
    }
    return in_debugfs.empty() ? skip("this KVM has no counters of VMs to be read (KVM_GET_STATS_FD, since Linux 5.14)")
                              : pass(in_debugfs.substr(2));
}

constexpr std::array checks{
    Check{"kvm.blacklist", "modprobe lets KVM in", Severity::advisory, {}, judge_blacklist},
    Check{"kvm.cmdline", "the kernel was started with KVM", Severity::advisory, {}, judge_command_line},
    Check{"kvm.caps", "KVM can do what QEMU wants", Severity::advisory, {"kvm.api"}, judge_capabilities},
    Check{"kvm.max_vcpus", "how many vCPUs a guest may have", Severity::advisory, {"kvm.api"}, judge_vcpus},
    Check{"kvm.stats", "KVM can be watched", Severity::advisory, {"kvm.api"}, judge_stats},
    Check{"kvm.nx_huge_pages", "how KVM maps huge pages", Severity::advisory, {"kvm.module"}, judge_nx_huge_pages},
    Check{"fw.lockdown", "lockdown of the kernel", Severity::advisory, {}, judge_lockdown},
};

}  // namespace

std::span<const Check> kernel_checks()
{
    return checks;
}

}  // namespace kvmkit
