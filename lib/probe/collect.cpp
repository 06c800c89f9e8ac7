// SPDX-License-Identifier: Apache-2.0
#include "probe/collect.hpp"

#include "base/text.hpp"
#include "facts/redact.hpp"
#include "probe/collect_resources.hpp"
#include "probe/collect_software.hpp"
#include "probe/cpuid.hpp"
#include "probe/software.hpp"
#include "system/small_files.hpp"

#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr std::array single_files{
    "proc/cpuinfo",
    "proc/misc",
    "proc/modules",
    "proc/cmdline",
    "proc/sys/kernel/osrelease",
    "proc/sysinfo",
    "proc/bus/pci/devices",
    "proc/device-tree/hypervisor/compatible",
    "proc/xen/capabilities",
    "sys/hypervisor/type",
    "sys/hypervisor/guest_type",
    "sys/hypervisor/uuid",
    "sys/hypervisor/properties/features",
    "etc/os-release",
    "proc/meminfo",
    "proc/cgroups",
    "proc/sys/vm/overcommit_memory",
    "proc/sys/kernel/numa_balancing",
    "sys/fs/cgroup/cgroup.controllers",
    "sys/kernel/mm/ksm/run",
    "sys/kernel/mm/transparent_hugepage/enabled",
    "sys/kernel/security/lockdown",
    "sys/firmware/uv/prot_virt_host",
    "sys/devices/system/clocksource/clocksource0/current_clocksource",
    "sys/devices/system/clocksource/clocksource0/available_clocksource",
};

/// Folders whose mere presence tells, and whose parameters may.
constexpr std::array module_prefixes{"kvm", "vbox", "vmmon", "vmw_", "vhost", "vfio", "tun"};

/// Files of one machine; the rest of sys/class/dmi/id repeats them (modalias, uevent).
constexpr std::array dmi_files{
    "sys_vendor",        "product_name", "product_version", "product_family",  "product_sku",
    "product_serial",    "product_uuid", "bios_vendor",     "bios_version",    "bios_date",
    "board_name",        "board_vendor", "board_version",   "board_serial",    "board_asset_tag",
    "chassis_asset_tag", "chassis_type", "chassis_vendor",  "chassis_version", "chassis_serial",
};

/// Fills a recording from a root, file by file.
class Collector {
public:
    Collector(const Root& root, Collection& into) : root_(root), into_(into) {}

    void take_all()
    {
        for (const auto* path : single_files) {
            take(path);
        }
        take_modules();
        if (root_.exists("sys/class/dmi/id")) {
            add_directory(into_.files, "sys/class/dmi/id");
            for (const auto* name : dmi_files) {
                take(fmt::format("sys/class/dmi/id/{}", name));
            }
        }
        take_accounts();
        take_resources(root_, into_);
        take_software();
    }

private:
    /// The text of a file that is there; one that cannot be read is noted.
    std::optional<std::string> text_of(const std::string& path)
    {
        auto text = root_.read(path);
        if (!text) {
            // Error keeps the kind and not the number: one errno of each kind says the same.
            into_.notes.unreadable[path] = text.error().code == ErrorCode::permission ? EACCES : EIO;
            return std::nullopt;
        }
        return std::move(*text);
    }

    void take(const std::string& path)
    {
        if (auto text = text_of(path)) {
            add_file(into_.files, path, std::move(*text));
        }
    }

    void take_modules()
    {
        const auto modules = root_.names("sys/module");
        if (!modules || !*modules) {
            return;
        }
        add_directory(into_.files, "sys/module");
        for (const auto& module : **modules) {
            const bool ours = std::ranges::any_of(module_prefixes,
                                                  [&module](const char* prefix) { return module.starts_with(prefix); });
            if (ours) {
                take_module("sys/module/" + module);
            }
        }
    }

    void take_module(const std::string& folder)
    {
        add_directory(into_.files, folder);
        take(folder + "/version");
        const auto parameters = root_.names(folder + "/parameters");
        if (!parameters || !*parameters) {
            return;
        }
        for (const auto& parameter : **parameters) {
            take(fmt::format("{}/parameters/{}", folder, parameter));
        }
    }

    /// The lines of etc/group and etc/passwd that concern KVM and whoever is judged.
    void take_accounts()
    {
        if (const auto group = text_of("etc/group")) {
            add_file(into_.files, "etc/group", kept_groups(*group, into_.host));
        }
        if (const auto passwd = text_of("etc/passwd")) {
            add_file(into_.files, "etc/passwd", kept_accounts(*passwd, into_.host));
            into_.people = people_of(*passwd);
        }
    }

    void take_software()
    {
        add_software(root_, into_.host, into_.files);
        for (const auto* path : software_files) {
            take(path);
        }
        for (const auto& path : firmware_descriptors(root_)) {
            take(path);
        }
        if (const auto conf = text_of("etc/libvirt/qemu.conf")) {
            add_file(into_.files, "etc/libvirt/qemu.conf", kept_settings(*conf));
        }
    }

    const Root& root_;
    Collection& into_;
};

std::string host_name(const Root& root)
{
    if (!root.is_this_host()) {
        const auto name = trimmed(root, "etc/hostname");
        return name ? name->value_or("") : "";
    }
    struct utsname names {};
    return ::uname(&names) == 0 ? static_cast<const char*>(names.nodename) : "";
}

}  // namespace

Collection collect(const Root& root, HostFacts host)
{
    Collection collection;
    collection.host = std::move(host);
    collection.host_name = host_name(root);
    if (root.is_this_host()) {
        if (collection.host.cpuid && *collection.host.cpuid) {
            (*collection.host.cpuid)->leaves = raw_cpuid();
        }
    }
    Collector{root, collection}.take_all();
    return collection;
}

void redact(Collection& collection)
{
    const Redactor redactor{collection.host_name, collection.host, collection.people};
    FileTree kept;
    for (auto& [path, entry] : collection.files) {
        const bool had_text = entry.kind == TreeEntry::Kind::file && !entry.bytes.empty();
        if (had_text) {
            entry.bytes = redactor.file(path, entry.bytes);
        }
        if (!had_text || !entry.bytes.empty()) {  // a serial number's file is nothing without it
            kept.emplace(path, std::move(entry));
        }
    }
    collection.files = std::move(kept);
    redactor.facts(collection.host);
    collection.notes.redacted = true;
}

FileTree to_recording(const Collection& collection)
{
    FileTree files = collection.files;
    add_file(files, "capture.json", write_capture(collection.host, collection.notes));
    return files;
}

}  // namespace kvmkit
