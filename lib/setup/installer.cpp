// SPDX-License-Identifier: Apache-2.0
#include "setup/installer.hpp"

#include <array>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// In the order of Installer.
constexpr std::array<std::string_view, 7> install_words{"apt-get install --no-install-recommends",
                                                        "dnf install",
                                                        "dnf5 install",
                                                        "yum install",
                                                        "zypper install",
                                                        "pacman -Syu --needed",
                                                        "apk add"};

/// Packages that are wanted in any case, to be named where they cannot be installed.
Needs usual_needs(const Root& root, const Distribution& distribution, const PackageCatalogue& catalogue)
{
    auto needs = needs_of(catalogue, distribution, architecture_of(root), {Bundle::hypervisor});
    return needs ? std::move(*needs) : Needs{};
}

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

std::string by_hand(const Distribution& distribution, const Needs& needs)
{
    std::string line{install_words.at(static_cast<std::size_t>(distribution.installer))};
    for (const Need& need : needs.needs) {
        line += " " + need.package;
    }
    return line;
}

Result<void> check_installer(const Root& root, const Distribution& distribution, const PackageCatalogue& catalogue)
{
    const bool by_rpm = distribution.installer == Installer::dnf || distribution.installer == Installer::zypper;
    if (distribution.installer == Installer::apt || by_rpm) {
        return {};
    }
    const auto needs = usual_needs(root, distribution, catalogue);
    return Error{ErrorCode::refused,
                 fmt::format("cannot set up host '{}': this version does not drive its package manager, {}",
                             distribution.name,
                             word(distribution.installer)),
                 needs.needs.empty()
                     ? "install QEMU and libvirt by hand; kvm-check says what is missing then"
                     : fmt::format("by hand: {}; kvm-check says what is missing then", by_hand(distribution, needs))};
}

Result<void> check_tier(const Distribution& distribution)
{
    if (distribution.tier != Tier::third) {
        return {};
    }
    return Error{
        ErrorCode::refused,
        fmt::format("refused to set up host '{}': its release has ended, and is planned for only", distribution.name),
        "host-setup plan shows what to do by hand"};
}

}  // namespace kvmkit::setup
