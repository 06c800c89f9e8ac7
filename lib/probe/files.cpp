// SPDX-License-Identifier: Apache-2.0
#include "probe/files.hpp"

#include "base/text.hpp"
#include "probe/iommu.hpp"
#include "probe/kernel_settings.hpp"
#include "probe/libvirt.hpp"
#include "probe/network.hpp"
#include "probe/resources.hpp"
#include "probe/udev.hpp"
#include "probe/underlay.hpp"
#include "system/small_files.hpp"

#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr unsigned kvm_major = 10;
constexpr unsigned kvm_minor = 232;
constexpr unsigned permission_bits = 07777;

/// A file's text through a decoder that yields a value or nothing.
template <class T, class Decode>
Fact<T> decode_file(const Root& root, const std::string& path, Decode decode)
{
    auto text = root.read(path);
    if (!text) {
        return std::move(text).error();
    }
    return *text ? std::optional<T>{decode(**text)} : std::optional<T>{};
}

Fact<std::set<std::string>> read_modules(const Root& root)
{
    auto names = root.names("sys/module");
    if (!names) {
        return std::move(names).error();
    }
    if (!*names) {
        return std::optional<std::set<std::string>>{};
    }
    std::set<std::string> modules;
    for (const auto& name : **names) {
        if (name.starts_with("kvm")) {
            modules.insert(name);
        }
    }
    return std::optional{std::move(modules)};
}

/// Kernels that have both modules built in show both parameters: the CPU's own counts.
Fact<std::string> read_nested(const Root& root, const Fact<CpuFacts>& cpu)
{
    const bool amd = cpu && *cpu && is_amd(**cpu);
    for (const auto* module : {amd ? "kvm_amd" : "kvm_intel", amd ? "kvm_intel" : "kvm_amd"}) {
        auto value = trimmed(root, fmt::format("sys/module/{}/parameters/nested", module));
        if (!value || *value) {
            return value;
        }
    }
    return std::optional<std::string>{};
}

/// What the vendors' modules were told beyond `nested`.
std::map<std::string, std::string> read_parameters(const Root& root)
{
    constexpr std::array looked_at{"kvm_intel/parameters/enable_shadow_vmcs",
                                   "kvm_intel/parameters/tdx",
                                   "kvm_amd/parameters/vls",
                                   "kvm_amd/parameters/vgif",
                                   "kvm_amd/parameters/sev",
                                   "kvm_amd/parameters/sev_es",
                                   "kvm_amd/parameters/sev_snp"};
    std::map<std::string, std::string> found;
    for (const std::string_view path : looked_at) {
        const auto value = trimmed(root, fmt::format("sys/module/{}", path));
        if (value && *value) {
            found.emplace(path.substr(path.rfind('/') + 1), **value);
        }
    }
    return found;
}

/// The names of counters in KVM's folder of debugfs, which only root may see; each VM has a folder of its own there.
Fact<std::size_t> count_counters(const Root& root)
{
    const auto names = root.names("sys/kernel/debug/kvm");
    if (!names) {
        return names.error();
    }
    if (!*names) {
        return std::optional<std::size_t>{};
    }
    const auto is_counter = [](const std::string& name) { return name.find('-') == std::string::npos; };
    return std::optional{static_cast<std::size_t>(std::ranges::count_if(**names, is_counter))};
}

Fact<GroupFacts> read_kvm_group(const Root& root)
{
    auto text = root.read("etc/group");
    if (!text) {
        return std::move(text).error();
    }
    return *text ? find_group(**text, "kvm") : std::nullopt;
}

Fact<std::string> read_distribution(const Root& root)
{
    return decode_file<std::string>(
        root, "etc/os-release", [](const std::string& text) { return os_release_value(text, "ID"); });
}

Fact<std::string> guess_arch(const Root& root)
{
    auto text = root.read("proc/cpuinfo");
    if (!text) {
        return std::move(text).error();
    }
    const auto arch = *text ? arch_of_cpuinfo(**text) : std::string{};
    return arch.empty() ? std::optional<std::string>{} : std::optional{arch};
}

std::string shape_of(const struct stat& node)
{
    if (S_ISCHR(node.st_mode) || S_ISBLK(node.st_mode)) {
        return fmt::format(
            "{} device {}:{}", S_ISCHR(node.st_mode) ? "character" : "block", major(node.st_rdev), minor(node.st_rdev));
    }
    if (S_ISREG(node.st_mode)) {
        return fmt::format("plain file of {} bytes", node.st_size);
    }
    return S_ISDIR(node.st_mode) ? "directory" : "socket or pipe";
}

/// The node's access list. None where it cannot be read: few file systems of recordings keep one.
std::vector<AclEntry> read_acl(const Root& root)
{
    if (!root.is_this_host()) {
        return {};
    }
    constexpr std::size_t enough = 4096;
    std::array<char, enough> bytes{};
    const ssize_t size = ::getxattr("/dev/kvm", "system.posix_acl_access", bytes.data(), bytes.size());
    return size > 0 ? parse_acl({bytes.data(), static_cast<std::size_t>(size)}) : std::vector<AclEntry>{};
}

}  // namespace

FileFacts read_files(const Root& root)
{
    FileFacts facts;
    facts.host.arch = guess_arch(root);
    facts.host.cpu = decode_file<CpuFacts>(root, "proc/cpuinfo", parse_cpuinfo);
    facts.host.distribution = read_distribution(root);
    facts.host.kvm_group = read_kvm_group(root);
    facts.host.kvm.modules = read_modules(root);
    facts.host.kvm.nested = read_nested(root, facts.host.cpu);
    facts.host.kvm.parameters = read_parameters(root);
    facts.host.kvm.counters = count_counters(root);
    facts.host.kvm.udev = read_udev(root);
    facts.host.libvirt = read_libvirt(root);
    facts.host.network = read_network(root);
    facts.host.conflicts = read_conflicts(root);
    facts.host.cpu_details = parse_cpu_details(text_or_nothing(root, "proc/cpuinfo"));
    facts.host.iommu = read_iommu(root);
    facts.host.kernel_settings = read_kernel_settings(root);
    facts.host.resources = read_resources(root);
    facts.host.kvm.built_in = read_built_in(root, facts.host.kvm.modules);
    facts.host.container = read_container(root);
    facts.host.confidential = read_confidential(root, facts.host.cpu);
    facts.underlay = read_underlay(root);
    facts.underlay.cpu = facts.host.cpu;
    facts.host.dmi = facts.underlay.dmi;
    facts.host.kernel = facts.underlay.kernel_release;
    return facts;
}

Fact<DeviceNode> look_at_node(const Root& root)
{
    const auto found = root.status("dev/kvm");
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return std::optional<DeviceNode>{};
    }
    const struct stat& node = **found;
    const bool device = S_ISCHR(node.st_mode);
    const bool ours = device && major(node.st_rdev) == kvm_major && minor(node.st_rdev) == kvm_minor;
    return std::optional<DeviceNode>{{.kind = ours     ? NodeKind::kvm_device
                                              : device ? NodeKind::other_device
                                                       : NodeKind::not_a_device,
                                      .shape = shape_of(node),
                                      .mode = node.st_mode & permission_bits,
                                      .uid = node.st_uid,
                                      .gid = node.st_gid,
                                      .acl = read_acl(root)}};
}

}  // namespace kvmkit
