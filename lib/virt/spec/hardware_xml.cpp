// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/hardware.hpp"

#include "virt/spec/internal/hardware_xml.hpp"

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

/// virtio-scsi, not SATA: small cloud kernels have no driver for that.
void add_cdrom(Node devices, const std::filesystem::path& path)
{
    Node disk = add(devices, "disk", {{"type", "file"}, {"device", "cdrom"}});
    add(disk, "driver", {{"name", "qemu"}, {"type", "raw"}});
    add(disk, "source", {{"file", path.string()}});
    add(disk, "backingStore");
    add(disk, "target", {{"dev", "sda"}, {"bus", "scsi"}});
    add(disk, "readonly");
    add(devices, "controller", {{"type", "scsi"}, {"model", "virtio-scsi"}});
}

void add_share(Node devices, const Share& share)
{
    Node system = add(devices, "filesystem", {{"type", "mount"}, {"accessmode", "passthrough"}});
    add(system, "driver", {{"type", "virtiofs"}});
    add(system, "source", {{"dir", share.source.string()}});
    add(system, "target", {{"dir", share.tag}});
    if (share.read_only) {
        add(system, "readonly");
    }
}

/// virtio-vga: a VGA until the guest's driver takes over. The tablet follows the pointer without a USB controller,
/// which would cost the host some CPU all the time.
void add_screen(Node devices)
{
    add(add(devices, "graphics", {{"type", "vnc"}}), "listen", {{"type", "socket"}});
    add(add(devices, "video"), "model", {{"type", "virtio"}, {"heads", "1"}});
    add(devices, "input", {{"type", "tablet"}, {"bus", "virtio"}});
}

void add_pci_device(Node devices, const PciAddress& address)
{
    Node device = add(devices, "hostdev", {{"mode", "subsystem"}, {"type", "pci"}, {"managed", "yes"}});
    add(add(device, "source"),
        "address",
        {{"domain", fmt::format("0x{:04x}", address.domain)},
         {"bus", fmt::format("0x{:02x}", address.bus)},
         {"slot", fmt::format("0x{:02x}", address.slot)},
         {"function", fmt::format("0x{:x}", address.function)}});
}

}  // namespace

void add_firmware(Node os, const VmSpec& spec)
{
    if (spec.hardware.firmware == Firmware::bios) {
        return;
    }
    os.append_attribute("firmware").set_value("efi");
    const std::string secure = spec.hardware.firmware == Firmware::secure ? "yes" : "no";
    Node wanted = add(os, "firmware");
    add(wanted, "feature", {{"enabled", secure}, {"name", "secure-boot"}});
    add(wanted, "feature", {{"enabled", secure}, {"name", "enrolled-keys"}});
}

void add_cpu(Node domain, const DomainPlan& plan)
{
    const auto& wish = plan.spec.hardware.cpu;
    const bool native = plan.spec.type == DomainType::kvm;
    Node cpu;
    if (wish != "auto" && wish != "host") {
        cpu = add(domain, "cpu", {{"mode", "custom"}, {"match", "exact"}});
        add(cpu, "model", {{"fallback", "forbid"}}).text().set(wish.c_str());
    } else if (native) {
        cpu = add(domain, "cpu", {{"mode", "host-passthrough"}, {"migratable", "on"}});
    } else {
        cpu = add(domain, "cpu", {{"mode", "maximum"}});
    }
    for (const auto& feature : plan.cpu.without) {
        add(cpu, "feature", {{"policy", "disable"}, {"name", feature}});
    }
    if (plan.cpu.nesting) {
        add(cpu, "feature", {{"policy", "require"}, {"name", *plan.cpu.nesting}});
    }
}

/// virtiofs needs memory that another process may map, which is a memfd where no huge pages are asked for.
void add_placement(Node domain, const VmSpec& spec)
{
    const Hardware& hardware = spec.hardware;
    if (hardware.huge_pages || !hardware.shares.empty()) {
        Node memory = add(domain, "memoryBacking");
        if (hardware.huge_pages) {
            add(add(memory, "hugepages"),
                "page",
                {{"size", fmt::format("{}", hardware.huge_pages->count())}, {"unit", "b"}});
        } else {
            add(memory, "source", {{"type", "memfd"}});
        }
        if (!hardware.shares.empty()) {
            add(memory, "access", {{"mode", "shared"}});
        }
    }
    if (!hardware.pinned.empty()) {
        Node tune = add(domain, "cputune");
        for (unsigned vcpu = 0; vcpu < spec.vcpus; ++vcpu) {
            const unsigned cpu = hardware.pinned[vcpu % hardware.pinned.size()];
            add(tune, "vcpupin", {{"vcpu", fmt::format("{}", vcpu)}, {"cpuset", fmt::format("{}", cpu)}});
        }
    }
    if (hardware.numa) {
        add(add(domain, "numatune"), "memory", {{"mode", "strict"}, {"nodeset", fmt::format("{}", *hardware.numa)}});
    }
}

void add_hardware(Node devices, const VmSpec& spec)
{
    const Hardware& hardware = spec.hardware;
    if (hardware.cdrom) {
        add_cdrom(devices, *hardware.cdrom);
    }
    for (const auto& share : hardware.shares) {
        add_share(devices, share);
    }
    for (const auto& device : hardware.devices) {
        add_pci_device(devices, device);
    }
    if (hardware.vnc) {
        add_screen(devices);
    }
    if (hardware.tpm) {
        add(add(devices, "tpm", {{"model", "tpm-crb"}}), "backend", {{"type", "emulator"}, {"version", "2.0"}});
    }
}

}  // namespace kvmkit::virt
