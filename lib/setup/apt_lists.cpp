// SPDX-License-Identifier: Apache-2.0
#include "setup/apt_lists.hpp"

#include "setup/installer.hpp"
#include "setup/pacman_lists.hpp"

#include <algorithm>
#include <string>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// apt may keep them compressed: "..._Packages.lz4".
bool any_list(const Root& root)
{
    const auto names = root.names("var/lib/apt/lists");
    return names && *names && std::ranges::any_of(**names, [](const std::string& name) {
               return name.find("_Packages") != std::string::npos;
           });
}

/// The indexes of repositories: dnf and zypper give them the time anew where they find nothing new.
std::vector<std::string> rpm_lists(const Root& root, const std::string& cache)
{
    std::vector<std::string> paths;
    const auto names = root.names(cache);
    if (!names || !*names) {
        return paths;
    }
    for (const std::string& name : **names) {
        auto path = fmt::format("{}/{}/repodata/repomd.xml", cache, name);
        if (root.exists(path)) {
            paths.push_back(std::move(path));
        }
    }
    return paths;
}

/// A run of apt that finds nothing new still writes in partial/.
std::vector<std::string> apt_lists(const Root& root)
{
    return any_list(root) ? std::vector<std::string>{"var/lib/apt/lists", "var/lib/apt/lists/partial"}
                          : std::vector<std::string>{};
}

/// A list's own time is that of the server's file: the folders tell when something was fetched.
std::vector<std::string> pacman_lists(const Root& root)
{
    std::vector<std::string> paths;
    for (const auto* database : {pacman_database, pacman_own_lists}) {
        auto folder = fmt::format("{}/sync", database);
        const auto names = root.names(folder);
        if (names && *names && !(*names)->empty()) {
            paths.push_back(std::move(folder));
        }
    }
    return paths;
}

std::vector<std::string> lists_of(const Root& root, Installer installer)
{
    if (installer == Installer::apt) {
        return apt_lists(root);
    }
    if (installer == Installer::pacman) {
        return pacman_lists(root);
    }
    return rpm_lists(root, installer == Installer::zypper ? "var/cache/zypp/raw" : words_of(installer).cache);
}

}  // namespace

std::optional<std::chrono::seconds> age_of_lists(const Root& root, std::chrono::sys_seconds now, Installer installer)
{
    const auto paths = lists_of(root, installer);
    if (paths.empty()) {
        return std::nullopt;
    }
    std::chrono::sys_seconds newest{};
    for (const std::string& path : paths) {
        if (const auto status = root.status(path); status && *status) {
            newest = std::max(newest, std::chrono::sys_seconds{std::chrono::seconds{(*status)->st_mtim.tv_sec}});
        }
    }
    return std::max(now - newest, std::chrono::seconds{0});
}

}  // namespace kvmkit::setup
