// SPDX-License-Identifier: Apache-2.0
#include "accelerator.hpp"

#include "check/recommendation.hpp"
#include "probe/host_probe.hpp"

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

constexpr std::chrono::seconds probe_limit{15};

/// "driver:///path" is here; "driver+transport://host/path" is not.
bool is_elsewhere(const std::string& uri)
{
    return uri.find(":///") == std::string::npos;
}

Result<Accelerator> by_measurement(AccelWish wish, const Root& root)
{
    const Recommendation advice = recommend(probe_host(root, Deadline::after(probe_limit)));
    if (advice.accel == Accel::kvm) {
        return Accelerator{virt::DomainType::kvm, advice.why};
    }
    if (wish == AccelWish::kvm) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to launch with KVM: {}", advice.why),
                     "launch with --accel tcg; 'kvm-check' tells what would make KVM work"};
    }
    return Accelerator{virt::DomainType::qemu, advice.why, true};
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

Result<Accelerator> choose_accelerator(const LaunchOptions& options, const Root& root)
{
    const std::string uri = options.uri.value_or("");
    if (uri.starts_with("test:")) {
        return Accelerator{virt::DomainType::test, "libvirt's test driver runs nothing"};
    }
    if (options.accel == AccelWish::tcg) {
        return Accelerator{virt::DomainType::qemu, "asked for"};
    }
    if (!uri.empty() && is_elsewhere(uri)) {
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
