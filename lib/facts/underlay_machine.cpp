// SPDX-License-Identifier: Apache-2.0
#include "facts/underlay_machine.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr int hexadecimal = 16;
constexpr unsigned any_device = 0x10000;

struct PciRow {
    unsigned vendor;
    unsigned device;  ///< Or any_device.
    Underlay kind;
    bool proves;  ///< Real machines have no such device, so that the CPU need not admit to be virtual.
};

/// First match counts: VirtualBox may show VMware's display, and all of them virtio.
constexpr std::array pci_rows{
    PciRow{0x80ee, any_device, Underlay::virtualbox, true},
    PciRow{0x15ad, any_device, Underlay::vmware, true},
    PciRow{0x5853, any_device, Underlay::xen_guest, true},
    PciRow{0x1414, 0x5353, Underlay::hyperv, true},  // the display of its older generation
    PciRow{0x1ab8, any_device, Underlay::parallels, true},
    PciRow{0x106b, 0x1a05, Underlay::apple, true},
    PciRow{0x1b36, any_device, Underlay::kvm, true},
    PciRow{0x1234, 0x1111, Underlay::kvm, true},                // QEMU's standard display
    PciRow{0x1af4, any_device, Underlay::unidentified, false},  // virtio; real network cards have it, too
};

/// The value of a fact that is there, or nothing.
template <class T>
const T* known(const Fact<T>& fact)
{
    return fact && *fact ? &**fact : nullptr;
}

/// Exactly these hexadecimal digits.
std::optional<unsigned> hex(std::string_view digits)
{
    unsigned value = 0;
    const char* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, value, hexadecimal);
    return read.ec == std::errc{} && read.ptr == end && !digits.empty() ? std::optional{value} : std::nullopt;
}

std::optional<UnderlayFacts> by_pci(const UnderlaySources& sources, bool virtual_cpu)
{
    for (const PciRow& row : pci_rows) {
        const auto found = std::ranges::find_if(sources.pci, [&row](const PciId& id) {
            return id.vendor == row.vendor && (row.device == any_device || id.device == row.device);
        });
        if (found != sources.pci.end() && (row.proves || virtual_cpu)) {
            return UnderlayFacts{row.kind, fmt::format("a PCI device is {:04x}:{:04x}", found->vendor, found->device)};
        }
    }
    return std::nullopt;
}

/// "VM00 Control Program: z/VM    7.2.0" -> "z/VM    7.2.0"; the nearest hypervisor has the number 00.
std::string_view control_program(std::string_view line)
{
    constexpr std::string_view name = " Control Program:";
    const bool ours = line.starts_with("VM") && line.size() > 4 && line.substr(4).starts_with(name);
    return ours ? trim(line.substr(4 + name.size())) : std::string_view{};
}

}  // namespace

std::vector<PciId> parse_pci_devices(std::string_view text)
{
    constexpr std::size_t id_length = 8;
    constexpr std::size_t half = 4;
    std::vector<PciId> devices;
    for (const auto line : lines(text)) {
        const auto columns = words(line);
        if (columns.size() < 2 || columns[1].size() != id_length) {
            continue;
        }
        const auto vendor = hex(columns[1].substr(0, half));
        const auto device = hex(columns[1].substr(half));
        if (vendor && device) {
            devices.push_back({*vendor, *device});
        }
    }
    return devices;
}

std::optional<PciId> parse_pci_id(std::string_view vendor, std::string_view device)
{
    constexpr std::string_view prefix = "0x";
    const auto number = [prefix](std::string_view text) {
        text = trim(text);
        return text.starts_with(prefix) && text.size() <= 6 ? hex(text.substr(prefix.size())) : std::nullopt;
    };
    const auto first = number(vendor);
    const auto second = number(device);
    return first && second ? std::optional{PciId{*first, *second}} : std::nullopt;
}

std::optional<UnderlayFacts> by_uml(const UnderlaySources& sources)
{
    const auto* cpu = known(sources.cpu);
    const bool uml = cpu != nullptr && cpu->vendor == "User Mode Linux";
    return uml ? std::optional{UnderlayFacts{Underlay::uml, "/proc/cpuinfo says 'User Mode Linux'"}} : std::nullopt;
}

std::optional<UnderlayFacts> by_sysinfo(const UnderlaySources& sources)
{
    const auto* sysinfo = known(sources.sysinfo);
    if (sysinfo == nullptr) {
        return std::nullopt;
    }
    std::string_view nearest;
    unsigned depth = 0;
    bool partition = false;
    for (const auto line : lines(*sysinfo)) {
        const auto program = control_program(line);
        nearest = nearest.empty() ? program : nearest;
        depth += program.empty() ? 0 : 1;
        partition = partition || line.starts_with("LPAR Number:");
    }
    if (nearest.empty()) {
        return partition ? std::optional{UnderlayFacts{Underlay::prsm, "/proc/sysinfo names an LPAR and no VM"}}
                         : std::nullopt;
    }
    const Underlay kind = nearest.starts_with("KVM")    ? Underlay::kvm
                          : nearest.starts_with("z/VM") ? Underlay::zvm
                                                        : Underlay::unidentified;
    return UnderlayFacts{kind, fmt::format("/proc/sysinfo says '{}'", nearest), depth};
}

std::string nameless_sysinfo(std::string_view text)
{
    std::string kept;
    for (const auto line : lines(text)) {
        const bool tells = line.starts_with("Type:") || line.starts_with("LPAR Number:");
        if (tells || !control_program(line).empty()) {
            kept += fmt::format("{}\n", line);
        }
    }
    return kept;
}

std::optional<UnderlayFacts> by_device_tree(const UnderlaySources& sources)
{
    if (const auto* compatible = known(sources.tree_hypervisor)) {
        const auto says = [compatible](std::string_view name) { return compatible->find(name) != std::string::npos; };
        const Underlay kind = says("linux,kvm") ? Underlay::kvm
                              : says("xen")     ? Underlay::xen_guest
                              : says("vmware")  ? Underlay::vmware
                                                : Underlay::unidentified;
        return UnderlayFacts{kind, "/proc/device-tree/hypervisor is there"};
    }
    if (sources.lpar) {
        return UnderlayFacts{Underlay::powervm, "/proc/device-tree has ibm,partition-name and hmc-managed?"};
    }
    return std::nullopt;
}

std::optional<UnderlayFacts> by_platform(const UnderlaySources& sources)
{
    const auto* cpu = known(sources.cpu);
    if (cpu == nullptr || cpu->platform.empty()) {
        return std::nullopt;
    }
    const auto evidence = fmt::format("/proc/cpuinfo says '{}', '{}'", cpu->platform, cpu->machine);
    if (cpu->platform == "PowerNV") {
        return UnderlayFacts{Underlay::hardware, evidence};
    }
    if (cpu->platform == "pSeries") {
        const bool qemu = cpu->machine.find("qemu") != std::string::npos;
        return UnderlayFacts{qemu ? Underlay::kvm : Underlay::powervm, evidence};
    }
    return std::nullopt;
}

std::optional<UnderlayFacts> by_weak_marks(const UnderlaySources& sources, bool virtual_cpu)
{
    if (auto found = by_pci(sources, virtual_cpu)) {
        return found;
    }
    const auto* cpu = known(sources.cpu);
    if (cpu == nullptr) {
        return std::nullopt;
    }
    for (const std::string_view name : {"QEMU Virtual CPU", "Common KVM processor", "Common 32-bit KVM processor"}) {
        if (cpu->model.starts_with(name)) {
            return UnderlayFacts{Underlay::kvm, fmt::format("the CPU is called '{}'", cpu->model)};
        }
    }
    return std::nullopt;
}

}  // namespace kvmkit
