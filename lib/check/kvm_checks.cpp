// SPDX-License-Identifier: Apache-2.0
#include "check/access.hpp"
#include "check/catalogue.hpp"
#include "check/operators.hpp"
#include "check/traits.hpp"

#include <cerrno>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

constexpr int known_api_version = 12;  // since Linux 2.6.22, and never to change

/// The arch's modules that bring /dev/kvm, the likeliest first.
std::vector<std::string_view> backends(const HostFacts& host)
{
    const auto arch = host.arch ? host.arch->value_or("x86_64") : "x86_64";
    if (arch.starts_with("ppc64")) {
        return {"kvm_hv", "kvm_pr"};
    }
    if (!is_x86(arch)) {
        return {"kvm"};
    }
    return has_amd(host) ? std::vector<std::string_view>{"kvm_amd", "kvm_intel", "kvm_pvm"}
                         : std::vector<std::string_view>{"kvm_intel", "kvm_amd", "kvm_pvm"};
}

Remedy load_module(const HostFacts& host, std::string_view module)
{
    const bool busybox = distribution_id(host) == "alpine";
    return {"load the module, now and at every boot; 'host-setup apply' does it",
            {fmt::format("modprobe {}", module),
             busybox ? fmt::format("echo {} >>/etc/modules", module)
                     : fmt::format("echo {} >/etc/modules-load.d/kvm.conf", module)}};
}

Verdict judge_absent_module(const HostFacts& host, std::string_view wanted)
{
    const auto arch = host.arch ? host.arch->value_or("") : "";
    if (arch == "aarch64") {
        return fail("the kernel has no KVM, or was started without the right to it (EL1)",
                    is_guest(host) ? operator_remedy(host) : std::nullopt);
    }
    return in_brief(fmt::format("the module {0} is not loaded: modprobe {0}", wanted),
                    fail(fmt::format("the module {} is not loaded", wanted), load_module(host, wanted)));
}

Verdict judge_module(const HostFacts& host)
{
    const auto candidates = backends(host);
    const auto& modules = host.kvm.modules;
    if (modules && *modules) {
        for (const auto module : candidates) {
            if ((*modules)->contains(std::string{module})) {
                return pass(fmt::format(
                    "{} is in the kernel{}", module, module == "kvm_pvm" ? ", which needs no flag of the CPU" : ""));
            }
        }
    }
    if (host.kvm.creates_machines()) {
        return pass("KVM works, whatever its module is called");
    }
    if (!modules) {
        return unknown(modules.error());
    }
    return *modules ? judge_absent_module(host, candidates.front()) : unknown("there is no /sys/module");
}

Verdict judge_device(const HostFacts& host)
{
    const auto& node = host.kvm.node;
    if (!node) {
        return unknown(node.error());
    }
    if (!*node) {
        const bool contained = host.container && *host.container;
        return in_brief(contained ? "this container was started without /dev/kvm" : "there is no node /dev/kvm",
                        fail("there is no /dev/kvm",
                             Remedy{"create the node; in a container, start it with the device instead (docker "
                                    "--device /dev/kvm)",
                                    {"mknod -m 0660 /dev/kvm c 10 232", "chgrp kvm /dev/kvm"}}));
    }
    if ((*node)->kind == NodeKind::kvm_device) {
        return pass(fmt::format("/dev/kvm is the {}", (*node)->shape));
    }
    return in_brief(fmt::format("/dev/kvm is not KVM's device but a {}", (*node)->shape),
                    fail(fmt::format("/dev/kvm is not KVM's device (character device 10:232) but a {}", (*node)->shape),
                         Remedy{"put the right node in its place",
                                {"rm -r /dev/kvm", "mknod -m 0660 /dev/kvm c 10 232", "chgrp kvm /dev/kvm"}}));
}

Verdict judge_access(const HostFacts& host)
{
    const auto& open = host.kvm.open;
    if (!open) {
        return unknown(open.error());
    }
    if (!*open) {
        return unknown("it was not tried");
    }
    return (*open)->ok() ? pass(opened_phrase(host)) : judge_refused_open(host, (*open)->errnum);
}

Verdict judge_api(const HostFacts& host)
{
    const auto& api = host.kvm.api_version;
    if (!api) {
        return unknown(api.error());
    }
    if (!*api) {
        return unknown("it was not asked");
    }
    if (!(*api)->ok()) {
        return fail(fmt::format("/dev/kvm does not answer KVM_GET_API_VERSION: {}", errno_text((*api)->errnum)),
                    Remedy{"see what the kernel says; a sandbox may filter it", {"dmesg | grep -i kvm"}});
    }
    if ((*api)->value != known_api_version) {
        return fail(fmt::format("KVM speaks API version {}, not {}", (*api)->value, known_api_version),
                    Remedy{"boot a kernel newer than Linux 2.6.22"});
    }
    return pass(fmt::format("KVM speaks API version {}", known_api_version));
}

Verdict judge_refused_vm(int errnum)
{
    const auto evidence = fmt::format("KVM_CREATE_VM failed: {}", errno_text(errnum));
    switch (errnum) {
        case EBUSY:
            return in_brief("another hypervisor holds the CPU: stop the VMs of VirtualBox or VMware",
                            fail(evidence + "; another hypervisor holds the CPU's virtualization",
                                 Remedy{"stop the VMs of VirtualBox or VMware, or unload their modules",
                                        {"modprobe -r vboxnetadp vboxnetflt vboxdrv", "modprobe -r vmmon"}}));
        case ENOMEM: return fail(evidence, Remedy{"free memory, or raise the memory limit of this control group"});
        default: return fail(evidence, Remedy{"see what the kernel says", {"dmesg | grep -i kvm"}});
    }
}

Verdict judge_create_vm(const HostFacts& host)
{
    const auto& created = host.kvm.create_vm;
    if (!created) {
        return unknown(created.error());
    }
    if (!*created) {
        return unknown("it was not tried");
    }
    return (*created)->ok() ? pass("KVM creates a virtual machine") : judge_refused_vm((*created)->errnum);
}

bool ran(const Fact<GuestRun>& run)
{
    return run && *run && (*run)->passed;
}

Verdict judge_create_vcpu(const HostFacts& host)
{
    const auto& created = host.kvm.create_vcpu;
    if (!created) {
        return unknown(created.error());
    }
    if (!*created) {
        const bool proven = ran(host.kvm.run_real) || ran(host.kvm.run_long);
        return proven ? pass("a guest ran, for which KVM created a vCPU") : skip("not recorded: KVM_CREATE_VCPU");
    }
    if ((*created)->ok()) {
        return pass("KVM creates a vCPU");
    }
    const auto evidence = fmt::format("KVM_CREATE_VCPU failed: {}", errno_text((*created)->errnum));
    return fail(evidence,
                (*created)->errnum == ENOMEM
                    ? Remedy{"free memory, or raise the memory limit of this control group"}
                    : Remedy{"see what the kernel says; a sandbox may filter it", {"dmesg | grep -i kvm"}});
}

constexpr std::array checks{
    Check{"kvm.module", "the kernel has KVM", Severity::essential, {"cpu.virt_ext", "fw.kernel_log"}, judge_module},
    Check{"kvm.device", "/dev/kvm is there", Severity::essential, {"kvm.module"}, judge_device},
    Check{"kvm.access", "/dev/kvm may be opened", Severity::essential, {"kvm.device"}, judge_access},
    Check{"kvm.access_persistent",
          "/dev/kvm stays open to this user",
          Severity::advisory,
          {"kvm.access"},
          judge_persistent_access},
    Check{"kvm.api", "KVM answers", Severity::essential, {"kvm.access"}, judge_api},
    Check{"kvm.create_vm", "KVM creates virtual machines", Severity::essential, {"kvm.api"}, judge_create_vm},
    Check{"kvm.create_vcpu", "KVM creates vCPUs", Severity::essential, {"kvm.create_vm"}, judge_create_vcpu},
};

}  // namespace

std::span<const Check> kvm_checks()
{
    return checks;
}

}  // namespace kvmkit
