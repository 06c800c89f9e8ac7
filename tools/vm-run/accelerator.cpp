// SPDX-License-Identifier: Apache-2.0
#include "accelerator.hpp"

#include "base/text.hpp"
#include "check/recommendation.hpp"
#include "probe/host_probe.hpp"
#include "virt/libvirt/connection.hpp"

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

constexpr std::chrono::seconds probe_limit{15};

Result<Accelerator> by_measurement(AccelWish wish, const Root& root)
{
    const HostFacts host = probe_host(root, Deadline::after(probe_limit));
    const Recommendation advice = recommend(host);
    if (advice.accel == Accel::kvm) {
        return Accelerator{virt::DomainType::kvm, advice.why, advice.cpu, host.kvm.offer};
    }
    if (wish == AccelWish::kvm) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to launch with KVM: {}", advice.why),
                     "launch with --accel tcg; 'kvm-check' tells what would make KVM work"};
    }
    return Accelerator{.type = virt::DomainType::qemu, .why = advice.why, .cpu = advice.cpu, .fallback = true};
}

}  // namespace

std::string_view word(virt::DomainType type) noexcept
{
    switch (type) {
        case virt::DomainType::kvm: return "kvm";
        case virt::DomainType::qemu: return "tcg";
        case virt::DomainType::test: return "none";
    }
    return "none";
}

Result<virt::CpuPlan> plan_cpu(const Accelerator& accelerator, const virt::Hardware& hardware)
{
    virt::CpuPlan plan;
    const auto words = split(accelerator.cpu, ',');
    for (std::size_t i = 1; i < words.size(); ++i) {
        if (words[i].starts_with('-') && accelerator.type == virt::DomainType::kvm) {
            plan.without.emplace_back(words[i].substr(1));
        }
    }
    if (!hardware.nested) {
        return plan;
    }
    if (accelerator.type != virt::DomainType::kvm) {
        plan.nesting = "svm";  // QEMU's emulator has AMD's kind alone
        return plan;
    }
    const auto& offer = accelerator.nesting;
    if (!offer || !*offer || !(*offer)->nests()) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to launch with --nested: {}",
                                 offer ? "KVM offers its guests no virtualization" : offer.error().message),
                     "kvm-check nested tells the one step that is missing"};
    }
    plan.nesting = (*offer)->svm ? "svm" : "vmx";
    return plan;
}

Accelerator accelerator_of(const virt::VmSpec& spec)
{
    return {.type = spec.type, .why = "it was launched so"};
}

Result<Accelerator> choose_accelerator(const LaunchOptions& options, const Root& root)
{
    const std::string uri = options.uri.value_or("");
    if (uri.starts_with("test:")) {
        return Accelerator{virt::DomainType::test, "libvirt's test driver runs nothing"};
    }
    if (options.accel == AccelWish::tcg) {
        return Accelerator{virt::DomainType::qemu, "asked for"};
    }
    if (!uri.empty() && !virt::leads_to_this_host(uri)) {
        if (options.accel == AccelWish::kvm) {
            return Accelerator{virt::DomainType::kvm, "asked for; that host was not measured"};
        }
        return Error{ErrorCode::usage,
                     fmt::format("cannot measure the host of '{}' from here", uri),
                     "say --accel kvm or --accel tcg"};
    }
    return by_measurement(options.accel, root);
}

}  // namespace kvmkit::vm_run
