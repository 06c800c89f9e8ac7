// SPDX-License-Identifier: Apache-2.0
#include "probe/software.hpp"
#include "system/small_files.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr std::size_t most_descriptors = 200;

/// The packages that hold the emulator of a target: Debian's, then those of others.
std::vector<std::string> packages(const std::string& target)
{
    if (target == "x86_64" || target == "i386") {
        return {"qemu-system-x86", "qemu-system-x86_64", "qemu-base"};
    }
    if (target == "aarch64" || target == "arm") {
        return {"qemu-system-arm", fmt::format("qemu-system-{}", target)};
    }
    const auto* family = target == "ppc64" ? "ppc" : target == "riscv64" ? "riscv" : target.c_str();
    return {fmt::format("qemu-system-{}", family), fmt::format("qemu-system-{}", target), "qemu-system-misc"};
}

/// By the database of packages: running the emulator takes ten times longer than all other checks of files.
Fact<std::string> read_version(const Root& root, const std::string& target)
{
    const auto dpkg = text_or_nothing(root, "var/lib/dpkg/status");
    const auto apk = dpkg.empty() ? text_or_nothing(root, "lib/apk/db/installed") : std::string{};
    const auto pacman = root.names("var/lib/pacman/local");
    const auto folders = pacman && *pacman ? **pacman : std::vector<std::string>{};
    for (const auto& package : packages(target)) {
        for (const auto& version :
             {dpkg_version(dpkg, package), apk_version(apk, package), pacman_version(folders, package)}) {
            if (!version.empty()) {
                return std::optional{version};
            }
        }
    }
    return std::optional<std::string>{};
}

std::vector<Firmware> read_firmware(const Root& root, const std::string& target)
{
    std::vector<Firmware> all;
    for (const auto& path : firmware_descriptors(root)) {
        auto firmware = parse_firmware(text_or_nothing(root, path), target);
        if (firmware) {
            firmware->descriptor = path.substr(path.rfind('/') + 1);
            firmware->present = firmware->image.starts_with('/') && root.exists(firmware->image.substr(1));
            all.push_back(std::move(*firmware));
        }
    }
    return all;
}

}  // namespace

std::vector<std::string> emulator_paths(const std::string& target)
{
    const auto name = fmt::format("qemu-system-{}", target);
    return {fmt::format("usr/bin/{}", name),
            "usr/libexec/qemu-kvm",  // RHEL and its kin, whose kernel runs on one architecture alone
            "usr/bin/qemu-kvm",
            "usr/bin/kvm",
            fmt::format("usr/local/bin/{}", name),
            fmt::format("run/current-system/sw/bin/{}", name)};
}

std::vector<std::string> firmware_descriptors(const Root& root)
{
    std::map<std::string, std::string> files;
    for (const auto* folder : {"etc/qemu/firmware", "usr/share/qemu/firmware"}) {
        const auto listed = root.names(folder);
        const auto names = listed ? listed->value_or(std::vector<std::string>{}) : std::vector<std::string>{};
        for (const auto& name : names) {
            if (name.ends_with(".json") && files.size() < most_descriptors) {
                files.emplace(name, fmt::format("{}/{}", folder, name));
            }
        }
    }
    std::vector<std::string> paths;
    paths.reserve(files.size());
    for (auto& [name, path] : files) {
        paths.push_back(std::move(path));
    }
    return paths;
}

void read_qemu(const Root& root, HostFacts& host)
{
    QemuFacts& qemu = host.qemu;
    qemu.target = host.arch ? qemu_target(host.arch->value_or("")) : std::string{};
    qemu.looked = root.is_this_host() || root.exists("usr/bin");
    if (qemu.target.empty() || !qemu.looked) {
        return;
    }
    const auto paths = emulator_paths(qemu.target);
    const auto found = std::ranges::find_if(paths, [&root](const std::string& path) { return root.exists(path); });
    if (found == paths.end()) {
        return;
    }
    qemu.binary = std::optional{fmt::format("/{}", *found)};
    qemu.firmware = read_firmware(root, qemu.target);
    if (const bool told = qemu.version && *qemu.version; !told) {
        qemu.version = read_version(root, qemu.target);
    }
}

}  // namespace kvmkit
