// SPDX-License-Identifier: Apache-2.0
#include "check/recommendation.hpp"

#include "check/cpu_model.hpp"

#include <fmt/format.h>

namespace kvmkit {
namespace {

struct Choice {
    Accel accel;
    std::string why;
};

Choice judge_speed(const GuestSpeed& speed)
{
    if (speed.ratio() > emulation_ratio) {
        return {
            Accel::tcg,
            fmt::format("KVM emulates here: a guest's kernel runs {:.0f} times slower than the host", speed.ratio())};
    }
    return {Accel::kvm, "KVM runs guests at the CPU's own speed"};
}

/// Nothing was measured. KVM that creates machines counts where no guest code exists for the architecture.
Choice judge_unmeasured(const HostFacts& host)
{
    const KvmFacts& kvm = host.kvm;
    if (kvm.creates_machines()) {
        const bool no_code = !kvm.run_long && kvm.run_long.error().code == ErrorCode::unsupported;
        return no_code ? Choice{Accel::kvm, "KVM creates machines; its speed is not measured on this architecture yet"}
                       : Choice{Accel::tcg, "no guest was seen to run through KVM; TCG always works"};
    }
    const bool opens = kvm.open && *kvm.open && (*kvm.open)->ok();
    if (opens && !kvm.create_vm) {
        return {Accel::tcg, fmt::format("{}; TCG always works", kvm.create_vm.error().message)};
    }
    if (opens) {
        return {Accel::tcg, "KVM opens, but creates no virtual machine"};
    }
    if (kvm.open && *kvm.open) {
        return {Accel::tcg, fmt::format("/dev/kvm cannot be opened: {}", errno_text((*kvm.open)->errnum))};
    }
    if (kvm.node && !*kvm.node) {
        return {Accel::tcg, "there is no /dev/kvm"};
    }
    if (kvm.node && (*kvm.node)->kind != NodeKind::kvm_device) {
        return {Accel::tcg, "/dev/kvm is not KVM's device"};
    }
    return {Accel::tcg, "whether KVM works here is not known; TCG always works"};
}

Choice choose(const HostFacts& host)
{
    const KvmFacts& kvm = host.kvm;
    for (const auto* run : {&kvm.run_long, &kvm.run_real}) {
        if (*run && **run && !(**run)->passed) {
            return {Accel::tcg, fmt::format("a guest does not run through KVM: {}", (**run)->detail)};
        }
    }
    return kvm.speed && *kvm.speed ? judge_speed(**kvm.speed) : judge_unmeasured(host);
}

}  // namespace

std::string_view word(Accel accel) noexcept
{
    return accel == Accel::kvm ? "kvm" : "tcg";
}

Recommendation recommend(const HostFacts& host)
{
    Choice choice = choose(host);
    return {choice.accel, choice.accel == Accel::kvm ? host_model(host.kvm.msrs) : "max", std::move(choice.why)};
}

}  // namespace kvmkit
