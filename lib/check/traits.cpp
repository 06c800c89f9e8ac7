// SPDX-License-Identifier: Apache-2.0
#include "check/traits.hpp"

namespace kvmkit {

bool is_pc(const HostFacts& host)
{
    return host.arch && *host.arch && is_x86(**host.arch);
}

bool has_amd(const HostFacts& host)
{
    return host.cpu && *host.cpu && is_amd(**host.cpu);
}

std::string_view vendor_module(const HostFacts& host)
{
    return has_amd(host) ? "kvm_amd" : "kvm_intel";
}

bool has_module(const HostFacts& host, std::string_view name)
{
    const auto& modules = host.kvm.modules;
    return modules && *modules && (*modules)->contains(std::string{name});
}

std::string distribution_id(const HostFacts& host)
{
    return host.distribution ? host.distribution->value_or("") : std::string{};
}

}  // namespace kvmkit
