// SPDX-License-Identifier: Apache-2.0
#include "setup/host.hpp"

#include "setup/apt.hpp"
#include "setup/apt_lists.hpp"
#include "setup/hold.hpp"
#include "system/clock.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {

const Package* met_by(const PackageTable& packages, const Need& need)
{
    if (const auto* package = packages.installed(need.package); package != nullptr) {
        return package;
    }
    for (const std::string& alternative : need.alternatives) {
        if (const auto* package = packages.installed(alternative); package != nullptr) {
            return package;
        }
    }
    return nullptr;
}

std::vector<Need> Host::missing() const
{
    std::vector<Need> found;
    std::ranges::copy_if(
        needs, std::back_inserter(found), [this](const Need& need) { return met_by(packages, need) == nullptr; });
    return found;
}

std::vector<std::string> package_names(const std::vector<Need>& needs)
{
    std::vector<std::string> names;
    std::ranges::transform(needs, std::back_inserter(names), &Need::package);
    return names;
}

Result<Host> observe(const Root& root, Runner& runner)
{
    auto distribution = detect_distribution(root);
    if (!distribution) {
        return std::move(distribution).error();
    }
    auto packages = read_packages(root);
    if (!packages) {
        return std::move(packages).error();
    }
    auto needs = needs_of(*distribution, packages->architecture());
    if (!needs) {
        return std::move(needs).error();
    }
    Host host{.distribution = *distribution,
              .architecture = packages->architecture(),
              .packages = std::move(*packages),
              .needs = std::move(*needs),
              .lists_age = age_of_lists(root, wall_clock()),
              .candidates = {},
              .service = observe_service(root, runner, *distribution),
              .device = observe_device(root),
              .module = observe_module(root),
              .live = root.is_this_host(),
              .held = libvirt_is_held(root),
              .network = observe_surroundings(root)};
    host.nested = observe_nested(root, host.module);
    if (!host.module.loader && host.module.name && !host.device.present && !host.module.loaded) {
        host.needs.push_back(module_loader_need());
    }
    const auto missing = host.missing();
    if (host.live && host.lists_age && !missing.empty()) {
        auto candidates = Apt{runner, {}}.candidates(package_names(missing));
        if (!candidates) {
            return std::move(candidates).error();
        }
        host.candidates = std::move(*candidates);
    }
    return host;
}

bool is_unfinished(const PackageTable& packages)
{
    return packages.interrupted || !packages.unfinished().empty();
}

Result<void> check_finished(const PackageTable& packages)
{
    std::vector<std::string> names;
    for (const Package& package : packages.unfinished()) {
        names.push_back(fmt::format("{} ({})", package.name, package.state));
    }
    if (!is_unfinished(packages)) {
        return {};
    }
    return Error{ErrorCode::external,
                 fmt::format("cannot use apt: dpkg was interrupted and has to be finished first{}{}",
                             names.empty() ? "" : ": ",
                             fmt::join(names, ", ")),
                 "host-setup apply --repair does it first; or by hand: dpkg --configure -a (if that is not enough: "
                 "apt-get -f install)"};
}

}  // namespace kvmkit::setup
