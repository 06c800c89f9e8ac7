// SPDX-License-Identifier: Apache-2.0
#include "setup/package_manager.hpp"

#include "setup/apk_database.hpp"
#include "setup/apt.hpp"
#include "setup/dnf.hpp"
#include "setup/installer.hpp"
#include "setup/pacman.hpp"
#include "setup/pacman_lists.hpp"
#include "setup/rpm.hpp"
#include "setup/zypper.hpp"

namespace kvmkit::setup {

Result<std::vector<std::string>> PackageManager::rest_of(const std::string& group)
{
    return Error{ErrorCode::unsupported, "cannot look for group '" + group + "': this package manager has none"};
}

std::unique_ptr<PackageManager> open_manager(Installer installer, Runner& runner, const PackageLimits& limits)
{
    if (installer == Installer::dnf) {
        return std::make_unique<Dnf>(runner, limits);
    }
    if (installer == Installer::dnf5) {
        return std::make_unique<Dnf>(runner, limits, DnfGeneration::five);
    }
    if (installer == Installer::zypper) {
        return std::make_unique<Zypper>(runner, limits);
    }
    if (installer == Installer::pacman) {
        return std::make_unique<Pacman>(runner, limits);
    }
    return std::make_unique<Apt>(runner, limits);
}

Result<PackageTable> read_packages(const Root& root, Runner& runner, const Distribution& distribution)
{
    switch (distribution.installer) {
        case Installer::apt: return read_packages(root);
        case Installer::apk: return read_apk_packages(root, architecture_of(root));
        case Installer::pacman: return read_pacman_packages(root, architecture_of(root));
        default: return read_rpm_packages(root, runner);
    }
}

}  // namespace kvmkit::setup
