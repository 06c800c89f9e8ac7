// SPDX-License-Identifier: Apache-2.0
#include "setup/catalogue.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

bool holds(const FamilySpans& spans, const Distribution& distribution)
{
    const auto found = spans.find(distribution.family);
    return found != spans.end() && found->second.holds(distribution.release);
}

bool serves(const PackageRow& row, const Distribution& distribution, std::string_view architecture)
{
    const bool here = holds(row.on, distribution) || holds(row.unverified, distribution);
    return here && (row.architectures.empty() || row.architectures.contains(std::string{architecture}));
}

bool is_asked_for(const Capability& capability, const Bundles& bundles)
{
    return std::ranges::any_of(bundles, [&](Bundle bundle) { return capability.bundles.contains(bundle); });
}

/// The architectures for which a capability has a package in this family.
std::set<std::string> known_architectures(const Capability& capability, Family family)
{
    std::set<std::string> known;
    for (const PackageRow& row : capability.rows) {
        if (row.on.contains(family) || row.unverified.contains(family)) {
            known.insert(row.architectures.begin(), row.architectures.end());
        }
    }
    return known;
}

Error no_emulator(const Capability& emulator, const Distribution& distribution, std::string_view architecture)
{
    const auto known = known_architectures(emulator, distribution.family);
    return {ErrorCode::refused,
            fmt::format("cannot set up host '{}': no package of QEMU is known for architecture '{}'",
                        distribution.name,
                        architecture),
            known.empty() ? "add its name to /etc/kvmkit/packages.json"
                          : fmt::format("supported so far: {}", fmt::join(known, ", "))};
}

/// Adds what serves a capability here; nothing does where none was added.
bool take_rows(const Capability& capability,
               const Distribution& distribution,
               std::string_view architecture,
               std::vector<Need>& needs)
{
    bool any = false;
    for (const PackageRow& row : capability.rows) {
        if (!serves(row, distribution, architecture)) {
            continue;
        }
        any = true;
        if (std::ranges::find(needs, row.package, &Need::package) == needs.end()) {
            needs.push_back(
                {capability.name, capability.title, row.package, row.alternatives, holds(row.on, distribution)});
        }
    }
    return any;
}

void remark_on_names(Needs& found, const Distribution& distribution)
{
    std::vector<std::string> uncertain;
    for (const Need& need : found.needs) {
        if (!need.verified) {
            uncertain.push_back(need.package);
        }
    }
    if (!uncertain.empty()) {
        found.remarks.push_back(fmt::format(
            "these names were not read from the archive of {}: {}", distribution.name, fmt::join(uncertain, " ")));
    }
}

}  // namespace

Result<Needs> needs_of(const PackageCatalogue& catalogue,
                       const Distribution& distribution,
                       std::string_view architecture,
                       const Bundles& bundles)
{
    Needs found;
    std::vector<std::string> lacking;
    for (const Capability& capability : catalogue.capabilities) {
        if (!is_asked_for(capability, bundles) || take_rows(capability, distribution, architecture, found.needs)) {
            continue;
        }
        if (capability.name == "qemu") {
            return no_emulator(capability, distribution, architecture);
        }
        if (!capability.bundles.contains(Bundle::hypervisor) || !bundles.contains(Bundle::hypervisor)) {
            lacking.push_back(capability.title);
        }
    }
    if (found.needs.empty() && !lacking.empty()) {
        return Error{ErrorCode::refused,
                     fmt::format("cannot set up host '{}': no package is known there for: {}",
                                 distribution.name,
                                 fmt::join(lacking, ", ")),
                     "add its name to /etc/kvmkit/packages.json, or leave the component out"};
    }
    if (!lacking.empty()) {
        found.remarks.push_back(
            fmt::format("no package is known in {} for: {}", distribution.name, fmt::join(lacking, ", ")));
    }
    remark_on_names(found, distribution);
    return found;
}

std::vector<std::string> translate_tutorial(const PackageCatalogue& catalogue, const Distribution& distribution)
{
    std::vector<std::string> lines;
    for (const Translation& each : catalogue.tutorial) {
        if (each.on.empty() || holds(each.on, distribution)) {
            lines.push_back(fmt::format("tutorial: {}: here {} ({})", each.was, each.now, each.why));
        }
    }
    return lines;
}

}  // namespace kvmkit::setup
