// SPDX-License-Identifier: Apache-2.0
#include "check/boot_options.hpp"
#include "check/catalogue.hpp"
#include "check/operators.hpp"
#include "check/traits.hpp"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

constexpr const char* tables_folder = "/sys/firmware/acpi/tables";
constexpr const char* groups_folder = "/sys/kernel/iommu_groups";

/// In a guest the hypervisor is asked, on hardware the firmware.
Remedy give_iommu(const HostFacts& host)
{
    if (is_guest(host)) {
        return {
            "have this VM given a virtual IOMMU where it is run, in libvirt for a machine of type q35: <iommu "
            "model='intel'><driver intremap='on'/></iommu> and <ioapic driver='qemu'/>",
            {},
            Where::hypervisor};
    }
    if (!is_pc(host)) {
        return {"switch the SMMU on in the firmware setup, if this board has one", {}, Where::firmware};
    }
    return {fmt::format("switch on '{}' in the firmware setup, then power the machine off and on",
                        has_amd(host) ? "IOMMU (AMD-Vi)" : "Intel VT for Directed I/O (VT-d)"),
            {},
            Where::firmware};
}

Verdict judge_without_tables(const HostFacts& host)
{
    if (host.iommu.works()) {
        return pass(fmt::format("no ACPI tables are to be seen, but an IOMMU works ({} groups)", **host.iommu.groups));
    }
    if (!host.resources.looked) {
        return skip(fmt::format("not recorded: {}", tables_folder));
    }
    return skip(fmt::format("there is no {}: no ACPI, or a container that hides it", tables_folder));
}

Verdict judge_tables(const HostFacts& host)
{
    const auto& tables = host.iommu.tables;
    if (!tables) {
        return unknown(tables.error());
    }
    if (!*tables || (*tables)->empty()) {
        return judge_without_tables(host);
    }
    const auto found = std::ranges::find_if(**tables, describes_iommu);
    if (found != (*tables)->end()) {
        return pass(fmt::format("the firmware describes an IOMMU: {}/{}", tables_folder, *found));
    }
    if (host.iommu.works()) {
        return pass("no table of ACPI describes an IOMMU, but one works");
    }
    return unneeded(fmt::format("no table in {} describes an IOMMU: devices cannot be passed through{}",
                                tables_folder,
                                is_guest(host) ? "; this is " + underlay_phrase(host) : std::string{}),
                    give_iommu(host));
}

/// The word of the command line that switches the IOMMU off; absent: none is known.
std::optional<std::string> switched_off_by(const HostFacts& host)
{
    const auto& line = host.kernel_settings.command_line;
    if (!line || !*line) {
        return std::nullopt;
    }
    for (const std::string_view key : {"iommu", "intel_iommu", "amd_iommu"}) {
        auto word = command_line_word(**line, key);
        if (word && word->ends_with("=off")) {
            return word;
        }
    }
    return std::nullopt;
}

/// AMD's and Arm's are used without a word on the command line, Intel's by many kernels only with it.
Verdict judge_unused(const HostFacts& host)
{
    if (const auto word = switched_off_by(host)) {
        return unneeded(fmt::format("the kernel uses no IOMMU: its command line says {}", *word),
                        remove_boot_option(host, *word));
    }
    const auto& line = host.kernel_settings.command_line;
    const auto asked = line && *line ? command_line_word(**line, "intel_iommu") : std::nullopt;
    if (is_pc(host) && !has_amd(host) && !asked) {
        return unneeded(fmt::format("the kernel uses no IOMMU ({} is empty): its command line has no intel_iommu=on",
                                    groups_folder),
                        add_boot_option(host, "intel_iommu=on"));
    }
    Remedy remedy = give_iommu(host);
    remedy.commands = {has_amd(host) ? "dmesg | grep -i AMD-Vi" : "dmesg | grep -i -e DMAR -e SMMU"};
    return unneeded(fmt::format("the kernel uses no IOMMU: {} is empty", groups_folder), std::move(remedy));
}

Verdict judge_enabled(const HostFacts& host)
{
    const auto& groups = host.iommu.groups;
    if (!groups) {
        return unknown(groups.error());
    }
    if (host.iommu.works()) {
        const auto units = host.iommu.units && *host.iommu.units ? (*host.iommu.units)->size() : 0;
        return pass(units == 0 ? fmt::format("the kernel keeps devices apart: {} has {}", groups_folder, **groups)
                               : fmt::format("the kernel uses {} IOMMU unit{} ({})",
                                             units,
                                             units == 1 ? "" : "s",
                                             fmt::join(**host.iommu.units, ", ")));
    }
    if (!*groups && !host.resources.looked) {
        return skip(fmt::format("not recorded: {}", groups_folder));
    }
    return judge_unused(host);
}

Verdict judge_groups(const HostFacts& host)
{
    const auto& groups = host.iommu.groups;
    if (!groups) {
        return unknown(groups.error());
    }
    if (host.iommu.works()) {
        return pass(fmt::format("{} group{} in {}; the devices of one go to a guest together",
                                **groups,
                                **groups == 1 ? "" : "s",
                                groups_folder));
    }
    if (!*groups && !host.resources.looked) {
        return skip(fmt::format("not recorded: {}", groups_folder));
    }
    return unneeded(fmt::format("{} is empty", groups_folder), judge_unused(host).if_required.value_or(Remedy{}));
}

/// Whether interrupts are remapped, by the chips that they are said to come through or by the kernel's log.
std::optional<bool> remaps_interrupts(const HostFacts& host)
{
    const auto& log = host.kernel_log;
    if (log && *log) {
        const bool said = std::ranges::any_of(**log, [](const std::string& line) {
            return line.find("Enabled IRQ remapping") != std::string::npos ||
                   line.find("Interrupt remapping enabled") != std::string::npos;
        });
        if (said) {
            return true;
        }
    }
    const auto& chips = host.iommu.interrupt_chips;
    if (!chips || !*chips) {
        return std::nullopt;
    }
    return std::ranges::any_of(**chips, [](const std::string& chip) { return chip.starts_with("IR-"); });
}

Verdict judge_remapping(const HostFacts& host)
{
    if (!is_pc(host)) {
        return does_not_apply("PCs only");
    }
    if (!host.iommu.works()) {
        const bool told = host.iommu.groups && (*host.iommu.groups || host.resources.looked);
        return told ? unneeded("no IOMMU is in use", judge_unused(host).if_required.value_or(Remedy{}))
                    : skip(fmt::format("not recorded: {}", groups_folder));
    }
    const auto& unsafe = host.iommu.unsafe_interrupts;
    if (unsafe && (*unsafe == "Y" || *unsafe == "1")) {
        return warn("a guest's device may send the host any interrupt: vfio_iommu_type1's allow_unsafe_interrupts is Y",
                    Remedy{"take the option out of /etc/modprobe.d, where the IOMMU remaps interrupts",
                           {"grep -r allow_unsafe_interrupts /etc/modprobe.d /proc/cmdline"}});
    }
    const auto remaps = remaps_interrupts(host);
    if (!remaps && !host.resources.looked) {
        return skip("not recorded: /sys/kernel/irq");
    }
    if (!remaps) {
        return unknown("neither /sys/kernel/irq nor the kernel's log tells");
    }
    if (*remaps) {
        return pass("the IOMMU remaps interrupts");
    }
    return unneeded(
        "the IOMMU does not remap interrupts (no chip in /sys/kernel/irq is an IR- one): VFIO gives no device "
        "to a guest",
        {"switch on interrupt remapping and x2APIC in the firmware setup, and take intremap=off and "
         "nointremap off the kernel's command line",
         {"dmesg | grep -i remapping"}});
}

Verdict judge_vfio(const HostFacts& host)
{
    switch (host.iommu.vfio) {
        case ModuleState::present: return pass("vfio_pci is in the kernel");
        case ModuleState::loadable: return pass("vfio_pci can be loaded, which libvirt does");
        case ModuleState::missing:
            return unneeded("this kernel has no vfio_pci",
                            {"boot a kernel that has it (CONFIG_VFIO_PCI); those for clouds and VMs often lack it"});
        case ModuleState::untold: break;
    }
    return skip(host.resources.looked ? "vfio_pci is not loaded, and no list in /lib/modules tells whether it could be"
                                      : "not recorded: /sys/module/vfio_pci");
}

constexpr std::array checks{
    Check{"iommu.acpi", "the firmware offers an IOMMU", Severity::advisory, {}, judge_tables},
    Check{"iommu.enabled", "the kernel uses the IOMMU", Severity::advisory, {"iommu.acpi"}, judge_enabled},
    Check{"iommu.groups", "devices are kept apart", Severity::advisory, {"iommu.enabled"}, judge_groups},
    Check{"iommu.interrupt_remap",
          "devices' interrupts are kept apart",
          Severity::advisory,
          {"iommu.enabled"},
          judge_remapping},
    Check{"vfio.modules", "the kernel has VFIO", Severity::advisory, {}, judge_vfio},
};

}  // namespace

std::span<const Check> iommu_checks()
{
    return checks;
}

}  // namespace kvmkit
