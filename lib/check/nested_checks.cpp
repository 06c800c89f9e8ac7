// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/module_parameter.hpp"
#include "check/operators.hpp"
#include "check/traits.hpp"
#include "facts/version.hpp"

#include <string_view>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// Whether guests may in turn run guests. Only a warning: nobody needs it to run the first.
Verdict judge_param(const HostFacts& host)
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
    const auto module = vendor_module(host);
    return warn(fmt::format("/sys/module/{}/parameters/nested is {}: guests cannot use KVM themselves", module, value),
                set_parameter(host,
                              {.module = module,
                               .setting = "nested=1",
                               .file = "/etc/modprobe.d/kvm-nested.conf",
                               .reload = fmt::format("modprobe -r {0} && modprobe {0}", module)},
                              "if guests shall run guests, allow it while no VM runs"));
}

std::optional<Remedy> offer_remedy(const HostFacts& host)
{
    if (has_module(host, "kvm_pvm")) {
        return Remedy{"KVM-PVM cannot nest; use hardware, or a guest of a hypervisor that exposes VT-x or AMD-V",
                      {},
                      Where::hypervisor};
    }
    return is_guest(host) ? operator_remedy(host) : std::nullopt;
}

Verdict judge_offered(const HostFacts& host)
{
    if (is_foreign(host)) {
        return does_not_apply("x86 only so far");
    }
    const auto& offer = host.kvm.offer;
    if (!offer) {
        return unknown(offer.error());
    }
    if (!*offer) {
        return unknown("it was not asked");
    }
    const NestedOffer& nested = **offer;
    if (nested.nests()) {
        return pass(fmt::format("KVM offers its guests {}{}{}",
                                nested.svm ? "svm" : "vmx",
                                nested.nested_paging ? " with nested paging" : "",
                                nested.state_size > 0 ? "" : "; it cannot save their state, as for a migration"));
    }
    return warn("KVM offers its guests neither vmx nor svm: they cannot use KVM themselves", offer_remedy(host));
}

/// Only since then KVM tells which controls of VMX it has, by which the proof is made.
bool tells_no_controls(const HostFacts& host)
{
    constexpr Version tells{4, 17, 0};
    const auto release = host.kernel ? parse_version(upstream_version(host.kernel->value_or(""))) : std::nullopt;
    return !has_amd(host) && release && *release < tells;
}

std::optional<Remedy> failed_proof_remedy(const HostFacts& host)
{
    if (tells_no_controls(host)) {
        return Remedy{
            fmt::format("prove it on Linux 4.17 or newer: this one ({}) does not tell which controls of VMX its "
                        "KVM has, so that the proof may fail where guests' guests run",
                        host.kernel->value_or(""))};
    }
    return is_guest(host) ? operator_remedy(host)
                          : Remedy{"see what the kernel says; a newer kernel may mend it", {"dmesg | grep -i kvm"}};
}

Verdict judge_inner(const HostFacts& host, const Fact<GuestRun>& run, const char* how)
{
    if (!run) {
        return unknown(run.error());
    }
    if (!*run) {
        return skip("only on request: kvm-check nested --prove, or run --deep");
    }
    if ((*run)->passed) {
        constexpr double thousand = 1'000;
        return timed((*run)->took,
                     pass(fmt::format("a guest's guest ran {}, made and gone in {:.1f} ms",
                                      how,
                                      static_cast<double>((*run)->took.count()) / thousand)));
    }
    return warn(fmt::format("a guest's guest does not run {}: {}", how, (*run)->detail), failed_proof_remedy(host));
}

bool offers_nothing(const HostFacts& host)
{
    return host.kvm.offer && *host.kvm.offer && !(*host.kvm.offer)->nests();
}

Verdict judge_run(const HostFacts& host)
{
    if (offers_nothing(host)) {
        return skip("KVM offers its guests neither vmx nor svm");
    }
    const bool svm = host.kvm.offer && *host.kvm.offer && (*host.kvm.offer)->svm;
    return judge_inner(host, host.kvm.nested_run, svm ? "by SVM" : "by VMX");
}

Verdict judge_paging(const HostFacts& host)
{
    const auto& offer = host.kvm.offer;
    if (offer && *offer && !(*offer)->nested_paging) {
        return does_not_apply((*offer)->vmx ? "AMD only" : "KVM offers its guests no nested paging");
    }
    return judge_inner(host, host.kvm.nested_paging, "by nested paging");
}

/// What saves a guest's guest exits to the host, and the parameter that switches it.
struct Shortcut {
    std::string_view parameter;  ///< "vls"
    std::string_view flag;       ///< Of the CPU: "v_vmsave_vmload".
    std::string_view what;       ///< For people.
};

constexpr Shortcut shadow_vmcs{"enable_shadow_vmcs", "shadow_vmcs", "shadow VMCS"};
constexpr Shortcut vls{"vls", "v_vmsave_vmload", "virtual VMLOAD and VMSAVE"};
constexpr Shortcut vgif{"vgif", "vgif", "virtual GIF"};

enum class Shortened { yes, no, switched_off, untold };

Shortened is_shortened(const HostFacts& host, const Shortcut& shortcut)
{
    const bool intel = shortcut.parameter == shadow_vmcs.parameter;
    if (!host.cpu || !*host.cpu || (intel && host.cpu_details.vmx.empty())) {
        return Shortened::untold;  // before Linux 5.9 no line "vmx flags"
    }
    const bool has = intel ? host.cpu_details.vmx.contains(shortcut.flag) : (*host.cpu)->has_flag(shortcut.flag);
    const auto value = host.kvm.parameters.find(std::string{shortcut.parameter});
    const bool off = value != host.kvm.parameters.end() && (value->second == "N" || value->second == "0");
    return !has ? Shortened::no : off ? Shortened::switched_off : Shortened::yes;
}

Verdict judge_shortcut(const HostFacts& host, const Shortcut& shortcut)
{
    const auto module = vendor_module(host);
    switch (is_shortened(host, shortcut)) {
        case Shortened::yes: break;
        case Shortened::untold: return skip("not told: /proc/cpuinfo without \"vmx flags\"");
        case Shortened::switched_off:
            return warn(fmt::format("{} is switched off ({}'s parameter {}): guests' guests are slow",
                                    shortcut.what,
                                    module,
                                    shortcut.parameter),
                        set_parameter(host,
                                      {.module = module,
                                       .setting = fmt::format("{}=1", shortcut.parameter),
                                       .file = "/etc/modprobe.d/kvm-nested-speed.conf",
                                       .reload = fmt::format("modprobe -r {0} && modprobe {0}", module)},
                                      "switch it on while no VM runs"));
        case Shortened::no: {
            const auto evidence = fmt::format(
                "the CPU has no {}: each exit of a guest's guest costs several of the guest", shortcut.what);
            return is_guest(host) ? skip(evidence + ", as in most VMs")
                                  : warn(evidence, Remedy{"expect guests' guests to be slow; newer CPUs have it"});
        }
    }
    return pass(fmt::format("the CPU has {}", shortcut.what));
}

Verdict judge_slow(const HostFacts& host)
{
    if (is_foreign(host)) {
        return does_not_apply("x86 only so far");
    }
    if (offers_nothing(host)) {
        return skip("KVM offers its guests neither vmx nor svm");
    }
    if (!has_amd(host)) {
        return judge_shortcut(host, shadow_vmcs);
    }
    auto first = judge_shortcut(host, vls);
    return first.status == Status::pass ? judge_shortcut(host, vgif) : first;
}

constexpr std::array checks{
    Check{"nested.param", "guests may run guests", Severity::advisory, {"kvm.module"}, judge_param},
    Check{"nested.offered",
          "KVM offers guests virtualization",
          Severity::advisory,
          {"nested.param", "kvm.create_vm"},
          judge_offered},
    Check{"nested.run", "a guest's guest runs", Severity::advisory, {"nested.offered", "kvm.run_long"}, judge_run},
    Check{"nested.npt",
          "a guest's guest runs by nested paging",
          Severity::advisory,
          {"nested.offered", "nested.run"},
          judge_paging},
    Check{"nested.slow", "guests' guests leave cheaply", Severity::advisory, {"nested.offered"}, judge_slow},
};

}  // namespace

std::span<const Check> nested_checks()
{
    return checks;
}

}  // namespace kvmkit
