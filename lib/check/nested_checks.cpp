// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/module_parameter.hpp"
#include "check/operators.hpp"
#include "check/traits.hpp"

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
    return warn(fmt::format("a guest's guest does not run {}: {}", how, (*run)->detail),
                is_guest(host)
                    ? operator_remedy(host)
                    : Remedy{"see what the kernel says; a newer kernel may mend it", {"dmesg | grep -i kvm"}});
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
};

}  // namespace

std::span<const Check> nested_checks()
{
    return checks;
}

}  // namespace kvmkit
