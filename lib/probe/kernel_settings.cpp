// SPDX-License-Identifier: Apache-2.0
#include "probe/kernel_settings.hpp"

#include "base/unique_fd.hpp"
#include "system/small_files.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include <fmt/format.h>

namespace kvmkit {
namespace {

Fact<std::map<std::string, std::string>> read_vulnerabilities(const Root& root)
{
    const std::string folder = "sys/devices/system/cpu/vulnerabilities";
    const auto names = root.names(folder);
    if (!names) {
        return names.error();
    }
    if (!*names) {
        return std::optional<std::map<std::string, std::string>>{};
    }
    std::map<std::string, std::string> found;
    for (const auto& name : **names) {
        const auto text = trimmed(root, fmt::format("{}/{}", folder, name));
        if (text && *text) {
            found.emplace(name, **text);
        }
    }
    return std::optional{std::move(found)};
}

/// /lib is a link to /usr/lib on most hosts: a name that was met before is not read again.
std::vector<ModprobeRule> read_rules(const Root& root)
{
    std::vector<ModprobeRule> rules;
    std::set<std::string> met;
    for (const auto* folder : modprobe_folders) {
        const auto names = root.names(folder);
        if (!names || !*names) {
            continue;
        }
        for (const auto& name : **names) {
            if (!name.ends_with(".conf") || !met.insert(name).second) {
                continue;
            }
            const auto path = fmt::format("{}/{}", folder, name);
            for (auto& rule : parse_modprobe(text_or_nothing(root, path), "kvm")) {
                rule.path = path;
                rules.push_back(std::move(rule));
            }
        }
    }
    return rules;
}

}  // namespace

Fact<std::string> chosen_in(const Root& root, const std::string& path)
{
    const auto text = root.read(path);
    if (!text) {
        return text.error();
    }
    const auto word = *text ? chosen_word(**text) : std::string{};
    return word.empty() ? std::optional<std::string>{} : std::optional{word};
}

KernelFacts read_kernel_settings(const Root& root)
{
    return {.command_line = trimmed(root, "proc/cmdline"),
            .vulnerabilities = read_vulnerabilities(root),
            .lockdown = chosen_in(root, "sys/kernel/security/lockdown"),
            .nx_huge_pages = trimmed(root, "sys/module/kvm/parameters/nx_huge_pages"),
            .rules = read_rules(root),
            .tboot = root.exists("sys/kernel/debug/x86/tboot_log")};
}

Fact<std::uint64_t> read_lock_msr(const HostFacts& host)
{
    constexpr off_t feature_control = 0x3a;
    constexpr off_t vm_cr = 0xc0010114;
    constexpr const char* path = "/dev/cpu/0/msr";
    const bool x86 = host.arch && *host.arch && is_x86(**host.arch);
    if (!x86 || !host.cpu || !*host.cpu) {
        return std::optional<std::uint64_t>{};
    }
    const UniqueFd device{::open(path, O_RDONLY | O_CLOEXEC)};
    if (!device) {
        const int why = errno;
        return why == ENOENT || why == ENXIO || why == ENODEV
                   ? Fact<std::uint64_t>{std::nullopt}
                   : errno_error(why, fmt::format("cannot open '{}'", path), "run kvm-check as root");
    }
    std::uint64_t value = 0;
    const ssize_t size = ::pread(device.get(), &value, sizeof value, is_amd(**host.cpu) ? vm_cr : feature_control);
    const int why = errno;
    if (size < 0 && why == EIO) {  // this CPU has no such register
        return std::optional<std::uint64_t>{};
    }
    return size == sizeof value ? Fact<std::uint64_t>{std::optional{value}}
                                : errno_error(size < 0 ? why : EIO, fmt::format("cannot read '{}'", path));
}

}  // namespace kvmkit
