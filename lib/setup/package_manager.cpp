// SPDX-License-Identifier: Apache-2.0
#include "setup/package_manager.hpp"

#include "setup/apt.hpp"
#include "setup/dnf.hpp"
#include "setup/rpm.hpp"
#include "setup/zypper.hpp"

namespace kvmkit::setup {

std::unique_ptr<PackageManager> open_manager(Installer installer, Runner& runner, const PackageLimits& limits)
{
    if (installer == Installer::dnf) {
        return std::make_unique<Dnf>(runner, limits);
    }
    if (installer == Installer::zypper) {
        return std::make_unique<Zypper>(runner, limits);
    }
    return std::make_unique<Apt>(runner, limits);
}

Result<PackageTable> read_packages(const Root& root, Runner& runner, const Distribution& distribution)
{
    return distribution.installer == Installer::apt ? read_packages(root) : read_rpm_packages(root, runner);
}

}  // namespace kvmkit::setup
