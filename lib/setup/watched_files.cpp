// SPDX-License-Identifier: Apache-2.0
#include "setup/watched_files.hpp"

#include "base/sha256.hpp"

#include <array>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr std::array files{"etc/os-release",
                           "usr/lib/os-release",
                           "etc/passwd",
                           "etc/group",
                           "var/lib/dpkg/status",
                           "etc/apt/sources.list",
                           "etc/apt/apt.conf",
                           "etc/apt/preferences",
                           "etc/dnf/dnf.conf",
                           "etc/yum.conf",
                           "etc/zypp/zypp.conf",
                           "etc/pacman.conf",
                           "etc/apk/repositories",
                           "etc/kernel/cmdline",
                           "etc/libvirt/qemu/networks/default.xml",
                           "etc/libvirt/qemu/networks/autostart/default.xml",
                           "usr/sbin/policy-rc.d",
                           "etc/kvmkit/packages.json",
                           "etc/kvmkit/mirrors.json",
                           "var/lib/kvmkit/host-setup/sources.json",
                           "etc/ssh/sshd_config",
                           "usr/etc/ssh/sshd_config",
                           "root/.ssh/authorized_keys"};

/// Each file in them, but not below.
constexpr std::array folders{"var/lib/dpkg/updates",
                             "etc/apt/sources.list.d",
                             "etc/apt/apt.conf.d",
                             "etc/apt/preferences.d",
                             "etc/yum.repos.d",
                             "etc/zypp/repos.d",
                             "etc/pacman.d",
                             "etc/modules-load.d",
                             "etc/modprobe.d",
                             "usr/lib/modprobe.d",
                             "lib/modprobe.d",
                             "etc/ssh/sshd_config.d",
                             "usr/etc/ssh/sshd_config.d"};

constexpr std::size_t largest_file = 64U << 20U;

std::string seen(const Root& root, const std::string& path)
{
    const auto bytes = root.read(path, largest_file);
    if (!bytes) {
        return "unreadable";
    }
    return *bytes ? "sha256:" + sha256(**bytes) : "absent";
}

}  // namespace

Sightings look_at_watched_files(const Root& root)
{
    Sightings sightings;
    for (const char* file : files) {
        sightings.emplace(file, seen(root, file));
    }
    for (const char* folder : folders) {
        const auto names = root.names(folder);
        if (!names || !*names) {
            continue;
        }
        for (const std::string& name : **names) {
            const auto path = fmt::format("{}/{}", folder, name);
            const auto status = root.status(path);
            if (status && *status && S_ISREG((*status)->st_mode)) {
                sightings.emplace(path, seen(root, path));
            }
        }
    }
    return sightings;
}

std::vector<Drift> drifts_between(const std::map<std::string, std::string>& before,
                                  const std::map<std::string, std::string>& now,
                                  const std::string& missing)
{
    const auto text = [&missing](const auto& all, const std::string& name) {
        const auto found = all.find(name);
        return found != all.end() ? found->second : missing;
    };
    auto all = before;
    all.insert(now.begin(), now.end());
    std::vector<Drift> drifts;
    for (const auto& [name, any] : all) {
        auto was = text(before, name);
        auto is = text(now, name);
        if (was != is) {
            drifts.push_back({name, std::move(was), std::move(is)});
        }
    }
    return drifts;
}

}  // namespace kvmkit::setup
