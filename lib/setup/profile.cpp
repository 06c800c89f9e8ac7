// SPDX-License-Identifier: Apache-2.0
#include "setup/profile.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {

const std::vector<Profile>& profiles()
{
    using enum Component;
    static const std::vector<Profile> all{
        {"minimal", "what runs a VM", {hypervisor, modules, services}},
        {"server", "a host without a screen", {hypervisor, guest_images, modules, services}},
        {"workstation", "a host with a screen of its own", {hypervisor, tools, guest_images, modules, services}},
        {"tutorial",
         "the classic walk-through for Ubuntu 14.04, as it is done today; with its desktop",
         {hypervisor, tools, desktop, modules, services},
         true},
    };
    return all;
}

Result<Profile> parse_profile(std::string_view name)
{
    const auto& all = profiles();
    const auto found = std::ranges::find(all, name, &Profile::name);
    if (found != all.end()) {
        return *found;
    }
    std::vector<std::string_view> names;
    std::ranges::transform(all, std::back_inserter(names), &Profile::name);
    return Error{ErrorCode::usage,
                 fmt::format("unknown profile '{}'", name),
                 fmt::format("there are: {}", fmt::join(names, ", "))};
}

Bundles bundles_of(const Components& components)
{
    Bundles bundles;
    for (const auto& [component, bundle] : {std::pair{Component::hypervisor, Bundle::hypervisor},
                                            {Component::tools, Bundle::tools},
                                            {Component::guest_images, Bundle::guest_images},
                                            {Component::desktop, Bundle::desktop}}) {
        if (components.contains(component)) {
            bundles.insert(bundle);
        }
    }
    return bundles;
}

Wanted wanted_of(const Components& components, bool tutorial, std::string catalogue)
{
    Wanted wanted{.tutorial = tutorial, .catalogue = std::move(catalogue)};
    if (auto bundles = bundles_of(components); !bundles.empty()) {
        wanted.bundles = std::move(bundles);
    }
    return wanted;
}

}  // namespace kvmkit::setup
