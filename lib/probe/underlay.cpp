// SPDX-License-Identifier: Apache-2.0
#include "probe/underlay.hpp"

#include "base/text.hpp"
#include "facts/capture.hpp"
#include "system/small_files.hpp"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// A value of which only the text matters: empty if it is not there or may not be read.
std::string value_or_nothing(const Root& root, const std::string& path)
{
    const auto value = trimmed(root, path);
    return value ? value->value_or("") : "";
}

/// From the one file that lists them, else from sysfs.
std::vector<PciId> read_pci(const Root& root)
{
    if (auto devices = parse_pci_devices(text_or_nothing(root, "proc/bus/pci/devices")); !devices.empty()) {
        return devices;
    }
    std::vector<PciId> devices;
    const std::string folder = "sys/bus/pci/devices";
    const auto names = root.names(folder);
    if (!names || !*names) {
        return devices;
    }
    for (const auto& name : **names) {
        const auto id = parse_pci_id(value_or_nothing(root, fmt::format("{}/{}/vendor", folder, name)),
                                     value_or_nothing(root, fmt::format("{}/{}/device", folder, name)));
        if (id) {
            devices.push_back(*id);
        }
    }
    return devices;
}

bool lists_loaded(std::string_view proc_modules, std::string_view module)
{
    const auto all = lines(proc_modules);
    return std::ranges::any_of(all,
                               [module](std::string_view line) { return line.substr(0, line.find(' ')) == module; });
}

/// Whether lib/modules says so of the recorded kernel.
bool is_listed_built_in(const Root& root, const std::string& module)
{
    const auto release = value_or_nothing(root, "proc/sys/kernel/osrelease");
    const auto list = text_or_nothing(root, fmt::format("lib/modules/{}/modules.builtin", release));
    return !release.empty() && lists_module(list, module);
}

bool is_built_in(const Root& root, const std::string& module)
{
    if (root.exists(fmt::format("sys/module/{}/initstate", module))) {
        return false;
    }
    if (root.is_this_host()) {
        return true;
    }
    const auto loaded = root.read("proc/modules");
    const bool told = loaded && *loaded && !lists_loaded(**loaded, module);
    return told || is_listed_built_in(root, module);
}

}  // namespace

Fact<DmiFacts> read_dmi(const Root& root)
{
    const std::string folder = "sys/class/dmi/id";
    if (!root.exists(folder)) {
        return std::optional<DmiFacts>{};
    }
    const auto value = [&](const char* name) { return value_or_nothing(root, fmt::format("{}/{}", folder, name)); };
    return std::optional<DmiFacts>{{.vendor = value("sys_vendor"),
                                    .product = value("product_name"),
                                    .asset_tag = value("chassis_asset_tag"),
                                    .bios_vendor = value("bios_vendor"),
                                    .board_vendor = value("board_vendor"),
                                    .version = value("product_version")}};
}

UnderlaySources read_underlay(const Root& root)
{
    UnderlaySources sources;
    sources.dmi = read_dmi(root);
    sources.xen_capabilities = trimmed(root, "proc/xen/capabilities");
    sources.hypervisor_type = trimmed(root, "sys/hypervisor/type");
    sources.kernel_release = trimmed(root, "proc/sys/kernel/osrelease");
    sources.sysinfo = root.read("proc/sysinfo");
    sources.tree_hypervisor = root.read("proc/device-tree/hypervisor/compatible");
    sources.lpar = root.exists("proc/device-tree/ibm,partition-name") && root.exists("proc/device-tree/hmc-managed?");
    sources.pci = read_pci(root);
    return sources;
}

Fact<ContainerFacts> read_container(const Root& root)
{
    ContainerMarks marks;
    marks.manager = text_or_nothing(root, "run/host/container-manager");
    if (marks.manager.empty()) {
        marks.manager = text_or_nothing(root, "run/systemd/container");
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment
    const char* variable = root.is_this_host() ? std::getenv("container") : nullptr;
    marks.environment = variable == nullptr ? "" : variable;
    marks.cgroups = text_or_nothing(root, "proc/self/cgroup");
    marks.dockerenv = root.exists(".dockerenv");
    marks.containerenv = root.exists("run/.containerenv");
    marks.lxd = root.exists("dev/lxd/sock") || root.exists("dev/incus/sock");
    marks.openvz = root.exists("proc/vz") && !root.exists("proc/bc");
    marks.kernel_threads = sees_kernel_threads(text_or_nothing(root, "proc/2/comm"));
    auto found = identify_container(marks);
    if (!found && !root.is_this_host()) {
        return not_recorded("the marks of a container");
    }
    return found;
}

Fact<ConfidentialFacts> read_confidential(const Root& root, const Fact<CpuFacts>& cpu)
{
    ConfidentialMarks marks;
    marks.tdx_flag = cpu && *cpu && (*cpu)->has_flag("tdx_guest");
    for (const auto* name : {"tdx_guest", "sev-guest"}) {
        if (root.exists(fmt::format("sys/class/misc/{}", name))) {
            marks.misc_devices.emplace(name);
        }
    }
    auto found = identify_confidential(marks);
    if (!found && !root.is_this_host() && !root.exists("sys/class/misc")) {
        return not_recorded("/sys/class/misc");
    }
    return found;
}

std::set<std::string> read_built_in(const Root& root, const Fact<std::set<std::string>>& modules)
{
    std::set<std::string> built_in;
    if (modules && *modules) {
        std::ranges::copy_if(**modules, std::inserter(built_in, built_in.end()), [&root](const std::string& module) {
            return is_built_in(root, module);
        });
    }
    return built_in;
}

}  // namespace kvmkit
