// SPDX-License-Identifier: Apache-2.0
#include "setup/host.hpp"

#include "setup/apt_lists.hpp"
#include "setup/installer.hpp"
#include "setup/package_manager.hpp"
#include "setup/rivals.hpp"
#include "system/clock.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

/// None, with a remark, where nothing here can read what is installed.
Result<PackageTable> packages_or_remark(const Root& root,
                                        Runner& runner,
                                        const Distribution& distribution,
                                        std::vector<std::string>& remarks)
{
    auto packages = read_packages(root, runner, distribution);
    if (!packages && packages.error().code == ErrorCode::unsupported) {
        remarks.push_back(
            fmt::format("what is installed is not known, so that all is planned: {}", packages.error().message));
        return PackageTable::of({}, architecture_of(root));
    }
    return packages;
}

/// Names come before the look at what is installed: a group comes to those of its packages that are not there.
void resolve_groups(Runner& runner, Host& host)
{
    std::vector<Need> needs;
    for (Need& need : host.needs) {
        if (!need.is_group()) {
            needs.push_back(std::move(need));
            continue;
        }
        const auto rest = open_manager(host.distribution.installer, runner, {})->rest_of(need.package);
        if (!rest) {  // without lists, or for users who may not read them, it stays one thing that is missing
            host.remarks.push_back(rest.error().message);
            needs.push_back(std::move(need));
            continue;
        }
        for (const std::string& name : *rest) {
            needs.push_back({need.capability, need.title, name, {}, need.verified});
        }
        if (!rest->empty()) {
            host.remarks.push_back(
                fmt::format("of group {}, {} packages are not installed", need.package, rest->size()));
        }
    }
    host.needs = std::move(needs);
}

/// What the host itself calls for: a loader of modules, and what OpenRC and sysvinit start libvirt by, where a package
/// of its own has that.
Result<void> add_needs_of_host(const PackageCatalogue& catalogue, const Bundles& bundles, Host& host)
{
    const auto add = [&](Bundle bundle) {
        const auto found = needs_of(catalogue, host.distribution, host.architecture, {bundle});
        if (!found) {
            return Result<void>{found.error()};
        }
        host.needs.insert(host.needs.end(), found->needs.begin(), found->needs.end());
        return Result<void>{};
    };
    const bool scripts = host.service.manager == Manager::openrc || host.service.manager == Manager::sysv;
    if (scripts && bundles.contains(Bundle::hypervisor)) {
        (void)add(Bundle::init_scripts);  // elsewhere they come with libvirt
    }
    const bool loads = host.module.name && !host.device.present && !host.module.loaded;
    return loads && !host.module.loader ? add(Bundle::modules) : Result<void>{};
}

/// Of the kernel that runs and of its devices nothing belongs to an image.
void become_image(const Root& root, Host& host)
{
    host.image = observe_image(root, host.architecture);
    host.live = false;
    host.device = KvmDevice{.kvm_group = host.device.kvm_group};
    host.module = {};
    host.nested = {};
    host.network = NetworkSurroundings{.network = std::move(host.network.network), .claims = claims_of_image(root)};
    host.network.forwards = true;
}

}  // namespace

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

Result<Host> observe(const Root& root, Runner& runner, const Wanted& wanted)
{
    auto distribution = detect_distribution(root);
    if (!distribution) {
        return std::move(distribution).error();
    }
    if (const auto rival = find_rival(root)) {
        return refusal_of(*rival);
    }
    const auto catalogue = load_catalogue(root, wanted.catalogue);
    if (!catalogue) {
        return catalogue.error();
    }
    std::vector<std::string> remarks;
    auto packages = packages_or_remark(root, runner, *distribution, remarks);
    if (!packages) {
        return std::move(packages).error();
    }
    auto needs = needs_of(*catalogue, *distribution, packages->architecture(), wanted.bundles);
    if (!needs) {
        return std::move(needs).error();
    }
    remarks.insert(remarks.end(), needs->remarks.begin(), needs->remarks.end());
    Host host{.distribution = *distribution,
              .architecture = packages->architecture(),
              .packages = std::move(*packages),
              .needs = std::move(needs->needs),
              .remarks = std::move(remarks),
              .lists_age = age_of_lists(root, wall_clock(), distribution->installer),
              .candidates = {},
              .service = observe_service(root, runner, *distribution, wanted.image),
              .device = observe_device(root),
              .module = observe_module(root),
              .live = root.is_this_host(),
              .network = observe_surroundings(root),
              .user = {},
              .seal = find_seal(root)};
    host.nested = observe_nested(root, host.module);
    if (wanted.image) {
        become_image(root, host);
    }
    if (auto added = add_needs_of_host(*catalogue, wanted.bundles, host); !added) {
        return std::move(added).error();
    }
    if (wanted.tutorial) {
        const auto lines = translate_tutorial(*catalogue, host.distribution);
        host.remarks.insert(host.remarks.end(), lines.begin(), lines.end());
    }
    if (host.asks_manager() && host.lists_age) {
        resolve_groups(runner, host);
    }
    const auto missing = host.missing();
    if (host.asks_manager() && host.lists_age && !missing.empty()) {
        auto candidates = open_manager(host.distribution.installer, runner, {})->candidates(package_names(missing));
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
