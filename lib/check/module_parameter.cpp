// SPDX-License-Identifier: Apache-2.0
#include "check/module_parameter.hpp"

#include "check/boot_options.hpp"

#include <fmt/format.h>

namespace kvmkit {
namespace {

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
    return {fmt::format("{} is built into the kernel, so modprobe cannot change it: put {} on the kernel's command "
                        "line, and boot anew",
                        module,
                        option),
            add_boot_option(host, option).commands};
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

}  // namespace kvmkit
