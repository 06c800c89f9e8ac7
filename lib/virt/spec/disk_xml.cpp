// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/internal/disk_xml.hpp"

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

struct Target {
    char letter = 'a';
    std::string next() { return fmt::format("vd{}", letter++); }
};

Node add_file_disk(Node devices, const std::filesystem::path& path, std::string_view format)
{
    Node disk = add(devices, "disk", {{"type", "file"}, {"device", "disk"}});
    add(disk, "driver", {{"name", "qemu"}, {"type", std::string{format}}});
    add(disk, "source", {{"file", path.string()}});
    return disk;
}

void tune(Node disk, const DiskTuning& tuning)
{
    Node driver = disk.child("driver");
    if (!tuning.cache.empty()) {
        driver.append_attribute("cache").set_value(tuning.cache.c_str());
    }
    if (!tuning.io.empty()) {
        driver.append_attribute("io").set_value(tuning.io.c_str());
    }
    driver.append_attribute("discard").set_value("unmap");
    driver.append_attribute("detect_zeroes").set_value("unmap");
    driver.append_attribute("iothread").set_value("1");
}

/// Each level of the chain names its format: libvirt then probes nothing, and a guest that writes a qcow2 header into
/// its raw disk gains nothing.
void add_root(Node devices, const DomainPlan& plan, Target& target)
{
    Node disk = add_file_disk(devices, *plan.overlay, "qcow2");
    tune(disk, plan.root_tuning);
    Node base = add(disk, "backingStore", {{"type", "file"}});
    add(base, "format", {{"type", std::string{word(plan.spec.image->format)}}});
    add(base, "source", {{"file", plan.spec.image->path.string()}});
    add(base, "backingStore");
    add(disk, "target", {{"dev", target.next()}, {"bus", "virtio"}});
}

void add_extra(Node devices, const PlannedDisk& planned, Target& target)
{
    Node disk = add_file_disk(devices, planned.path, word(planned.format));
    tune(disk, planned.tuning);
    add(disk, "backingStore");
    add(disk, "target", {{"dev", target.next()}, {"bus", "virtio"}});
}

/// By virtio, never SATA: Debian's cloud kernel has no driver for that.
void add_seed(Node devices, const PlannedSeed& seed, Target& target)
{
    Node disk = add_file_disk(devices, seed.path, "raw");
    if (seed.place == SeedPlace::memory) {
        disk.child("source").append_attribute("fdgroup").set_value(seed_fd_group);
    }
    add(disk, "backingStore");
    add(disk, "target", {{"dev", target.next()}, {"bus", "virtio"}});
    add(disk, "readonly");
}

}  // namespace

void add_disks(Node devices, const DomainPlan& plan)
{
    Target target;
    if (plan.overlay && plan.spec.image) {
        add_root(devices, plan, target);
    }
    for (const auto& disk : plan.extra_disks) {
        add_extra(devices, disk, target);
    }
    if (plan.seed) {
        add_seed(devices, *plan.seed, target);
    }
}

bool has_disks(const DomainPlan& plan)
{
    return plan.overlay || !plan.extra_disks.empty();
}

void add_seed_sign(Node domain, const DomainPlan& plan)
{
    if (!plan.seed) {
        return;
    }
    Node system = add(add(domain, "sysinfo", {{"type", "smbios"}}), "system");
    add(system, "entry", {{"name", "serial"}}).text().set("ds=nocloud");
    add(domain.child("os"), "smbios", {{"mode", "sysinfo"}});
}

std::string seed_target(const DomainPlan& plan)
{
    Target target;
    const std::size_t before = (plan.overlay ? 1 : 0) + plan.extra_disks.size();
    for (std::size_t i = 0; i < before; ++i) {
        (void)target.next();
    }
    return target.next();
}

}  // namespace kvmkit::virt
