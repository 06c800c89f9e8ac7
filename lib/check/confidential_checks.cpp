// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/module_parameter.hpp"
#include "check/operators.hpp"
#include "check/skipping.hpp"
#include "check/traits.hpp"

#include <string_view>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// A kind of guest whose memory its host cannot read, as a parameter of the vendor's module switches it.
struct Kind {
    std::string_view name;       ///< "SEV-ES"
    std::string_view module;     ///< "kvm_amd"
    std::string_view parameter;  ///< "sev_es"
    std::string_view flag;       ///< Of the CPU, in /proc/cpuinfo.
    std::string_view vendor;     ///< "AMD"
};

constexpr Kind sev{"SEV", "kvm_amd", "sev", "sev", "AMD"};
constexpr Kind sev_es{"SEV-ES", "kvm_amd", "sev_es", "sev_es", "AMD"};
constexpr Kind snp{"SEV-SNP", "kvm_amd", "sev_snp", "sev_snp", "AMD"};
constexpr Kind tdx{"TDX", "kvm_intel", "tdx", "tdx_host_platform", "Intel"};

bool is_on(std::string_view value)
{
    return value == "Y" || value == "y" || value == "1";
}

bool has_cpu_flag(const HostFacts& host, std::string_view flag)
{
    return host.cpu && *host.cpu && (*host.cpu)->has_flag(flag);
}

std::string reload(std::string_view module)
{
    return fmt::format("modprobe -r {0} && modprobe {0}", module);
}

Remedy switch_on(const HostFacts& host, const Kind& kind)
{
    if (!has_cpu_flag(host, kind.flag)) {
        return {
            fmt::format("use a machine whose CPU and firmware offer {}, switched on in the firmware setup", kind.name),
            {},
            is_guest(host) ? Where::hypervisor : Where::firmware};
    }
    const auto setting = fmt::format("{}=1", kind.parameter);
    return set_parameter(
        host,
        {.module = kind.module,
         .setting = setting,
         .file = "/etc/modprobe.d/kvm-confidential.conf",
         .reload = reload(kind.module)},
        fmt::format("allow {} while no VM runs; the kernel's log tells if the firmware lacks it", kind.name));
}

Verdict judge_kind(const HostFacts& host, const Kind& kind)
{
    const bool other_vendor = host.cpu && *host.cpu && has_amd(host) != (kind.vendor == "AMD");
    if (is_foreign(host) || other_vendor) {
        return does_not_apply(fmt::format("{} only", kind.vendor));
    }
    const auto value = host.kvm.parameters.find(std::string{kind.parameter});
    if (value != host.kvm.parameters.end() && is_on(value->second)) {
        return pass(fmt::format(
            "guests may be protected by {} (/sys/module/{}/parameters/{})", kind.name, kind.module, kind.parameter));
    }
    if (value != host.kvm.parameters.end()) {
        return unneeded(fmt::format("no guest can be protected by {}: /sys/module/{}/parameters/{} is {}",
                                    kind.name,
                                    kind.module,
                                    kind.parameter,
                                    value->second),
                        switch_on(host, kind));
    }
    if (!has_module(host, kind.module)) {
        return skip(fmt::format("{} is not in the kernel, or this was not recorded", kind.module));
    }
    if (!host.resources.looked) {  // older recordings keep no parameters
        return nothing_at(host, fmt::format("/sys/module/{}/parameters/{}", kind.module, kind.parameter));
    }
    return unneeded(fmt::format("this {} knows no {}", kind.module, kind.name), switch_on(host, kind));
}

Verdict judge_sev(const HostFacts& host)
{
    return judge_kind(host, sev);
}

Verdict judge_sev_es(const HostFacts& host)
{
    return judge_kind(host, sev_es);
}

Verdict judge_snp(const HostFacts& host)
{
    return judge_kind(host, snp);
}

Verdict judge_tdx(const HostFacts& host)
{
    return judge_kind(host, tdx);
}

Verdict judge_protected(const HostFacts& host)
{
    if (host.arch && *host.arch && **host.arch != "s390x") {
        return does_not_apply("IBM Z only");
    }
    const auto& on = host.security.protected_host;
    if (!on) {
        return unknown(on.error());
    }
    if (!*on) {
        return nothing_at(host, "/sys/firmware/uv/prot_virt_host");
    }
    return **on ? pass("guests may be protected by the ultravisor (/sys/firmware/uv/prot_virt_host is 1)")
                : unneeded("no guest can be protected: /sys/firmware/uv/prot_virt_host is 0",
                           {"start the kernel with prot_virt=1 on a machine that has the feature (facility 158)"});
}

constexpr std::array checks{
    Check{"cc.sev", "guests may be protected by SEV", Severity::advisory, {"kvm.module"}, judge_sev},
    Check{"cc.sev_es", "guests may be protected by SEV-ES", Severity::advisory, {"cc.sev"}, judge_sev_es},
    Check{"cc.snp", "guests may be protected by SEV-SNP", Severity::advisory, {"cc.sev_es"}, judge_snp},
    Check{"cc.tdx", "guests may be protected by TDX", Severity::advisory, {"kvm.module"}, judge_tdx},
    Check{"cc.s390pv", "guests may be protected on IBM Z", Severity::advisory, {"kvm.module"}, judge_protected},
};

}  // namespace

std::span<const Check> confidential_checks()
{
    return checks;
}

}  // namespace kvmkit
