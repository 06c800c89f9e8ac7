// SPDX-License-Identifier: Apache-2.0
#include "check/module_parameter.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// How a distribution's boot loader takes a new option.
enum class Loader { update_grub, grub_mkconfig, grub2_mkconfig, grubby, kernelstub };

struct Row {
    std::string_view id;  ///< What ID in os-release begins with.
    Loader loader;
};

constexpr std::array rows{
    Row{"debian", Loader::update_grub},
    Row{"ubuntu", Loader::update_grub},
    Row{"linuxmint", Loader::update_grub},
    Row{"pop", Loader::kernelstub},
    Row{"fedora", Loader::grubby},
    Row{"rhel", Loader::grubby},
    Row{"centos", Loader::grubby},
    Row{"rocky", Loader::grubby},
    Row{"almalinux", Loader::grubby},
    Row{"ol", Loader::grubby},
    Row{"opensuse", Loader::grub2_mkconfig},
    Row{"sles", Loader::grub2_mkconfig},
    Row{"arch", Loader::grub_mkconfig},
    Row{"manjaro", Loader::grub_mkconfig},
    Row{"gentoo", Loader::grub_mkconfig},
};

bool is_wsl(const HostFacts& host)
{
    return host.underlay && *host.underlay && (*host.underlay)->kind == Underlay::wsl;
}

Remedy on_command_line(const HostFacts& host, std::string_view module, const std::string& option)
{
    if (is_wsl(host)) {
        return {fmt::format("{} is built into the kernel: write kernelCommandLine={} under [wsl2] in "
                            "%UserProfile%\\.wslconfig, then restart WSL",
                            module,
                            option),
                {"wsl --shutdown"},
                Where::hypervisor};
    }
    const auto distribution = host.distribution ? host.distribution->value_or("") : "";
    return {fmt::format("{} is built into the kernel, so modprobe cannot change it: put {} on the kernel's command "
                        "line, and boot anew",
                        module,
                        option),
            boot_option_commands(distribution, option)};
}

}  // namespace

bool is_built_in(const HostFacts& host, std::string_view module)
{
    return host.kvm.built_in.contains(std::string{module});
}

Remedy set_parameter(const HostFacts& host, const ModuleParameter& parameter, std::string summary)
{
    if (is_built_in(host, parameter.module)) {
        return on_command_line(host, parameter.module, fmt::format("{}.{}", parameter.module, parameter.setting));
    }
    return {std::move(summary),
            {fmt::format("echo 'options {} {}' >{}", parameter.module, parameter.setting, parameter.file),
             parameter.reload}};
}

std::vector<std::string> boot_option_commands(std::string_view distribution, std::string_view option)
{
    const auto row = std::ranges::find_if(
        rows, [distribution](const Row& candidate) { return distribution.starts_with(candidate.id); });
    if (row == rows.end()) {
        return {};
    }
    const auto edit = fmt::format("sed -i 's/^GRUB_CMDLINE_LINUX=\"/&{} /' /etc/default/grub", option);
    switch (row->loader) {
        case Loader::update_grub: return {edit, "update-grub", "reboot"};
        case Loader::grub_mkconfig: return {edit, "grub-mkconfig -o /boot/grub/grub.cfg", "reboot"};
        case Loader::grub2_mkconfig: return {edit, "grub2-mkconfig -o /boot/grub2/grub.cfg", "reboot"};
        case Loader::grubby: return {fmt::format("grubby --update-kernel=ALL --args={}", option), "reboot"};
        case Loader::kernelstub: return {fmt::format("kernelstub -a {}", option), "reboot"};
    }
    return {};
}

}  // namespace kvmkit
