// SPDX-License-Identifier: Apache-2.0
#include "setup/installer.hpp"

#include <array>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// In the order of Installer.
constexpr std::array installers{
    InstallerWords{"apt-get update",
                   "apt-get install --no-install-recommends",
                   "apt-get -s --no-install-recommends install PACKAGE...",
                   "apt-cache policy",
                   "apt-get clean",
                   "var/cache/apt/archives"},
    InstallerWords{"dnf makecache",
                   "dnf install",
                   "dnf --assumeno install PACKAGE...",
                   "dnf repolist --all",
                   "dnf clean packages",
                   "var/cache/dnf"},
    InstallerWords{"dnf5 makecache",
                   "dnf5 install",
                   "dnf5 --assumeno install PACKAGE...",
                   "dnf5 repo list --all",
                   "dnf5 clean packages",
                   "var/cache/libdnf5"},
    InstallerWords{"yum makecache",
                   "yum install",
                   "yum --assumeno install PACKAGE...",
                   "yum repolist all",
                   "yum clean packages",
                   "var/cache/yum"},
    InstallerWords{"zypper refresh",
                   "zypper install",
                   "zypper install --dry-run PACKAGE...",
                   "zypper repos",
                   "zypper clean",
                   "var/cache/zypp"},
    InstallerWords{"pacman -Sy",
                   "pacman -Syu --needed",
                   "pacman -Su PACKAGE..., and answer no",
                   "pacman-conf --repo-list",
                   "pacman -Sc",
                   "var/cache/pacman/pkg"},
    InstallerWords{"apk update",
                   "apk add",
                   "apk add --simulate PACKAGE...",
                   "cat /etc/apk/repositories",
                   "apk cache clean",
                   "var/cache/apk"},
};

}  // namespace

std::string architecture_of(const Root& root)
{
    struct Loader {
        const char* path;
        const char* architecture;
    };
    constexpr std::array loaders{Loader{"lib64/ld-linux-x86-64.so.2", "x86_64"},
                                 Loader{"lib/ld-linux-aarch64.so.1", "aarch64"},
                                 Loader{"lib/ld-musl-x86_64.so.1", "x86_64"},
                                 Loader{"lib/ld-musl-aarch64.so.1", "aarch64"},
                                 Loader{"lib64/ld64.so.2", "ppc64le"},
                                 Loader{"lib/ld64.so.1", "s390x"}};
    for (const Loader& loader : loaders) {
        if (root.exists(loader.path)) {
            return loader.architecture;
        }
    }
    return {};
}

const InstallerWords& words_of(Installer installer) noexcept
{
    return installers.at(static_cast<std::size_t>(installer));
}

std::string by_hand(const Distribution& distribution, const Needs& needs)
{
    std::string line{words_of(distribution.installer).install};
    for (const Need& need : needs.needs) {
        line += " " + need.package;
    }
    return line;
}

Result<void> check_tier(const Distribution& distribution)
{
    if (distribution.tier != Tier::third) {
        return {};
    }
    return Error{ErrorCode::refused,
                 fmt::format("refused to set up host '{}': it is of the third tier, which is planned for only",
                             distribution.name),
                 "host-setup plan shows what to do by hand"};
}

}  // namespace kvmkit::setup
