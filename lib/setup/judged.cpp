// SPDX-License-Identifier: Apache-2.0
#include "setup/judged.hpp"

namespace kvmkit::setup {

std::vector<std::string> packages_to_prove(const Judged& now)
{
    if (!now.plan.missing.empty()) {
        return package_names(now.plan.missing);
    }
    std::vector<std::string> names;
    for (const Need& need : now.host.needs) {
        if (now.host.packages.installed(need.package) != nullptr || now.host.candidates.contains(need.package)) {
            names.push_back(need.package);
        }
    }
    return names;
}

bool is_to_be_repaired(const Request& request, const Judged& now)
{
    return request.repair && is_unfinished(now.host.packages);
}

std::vector<Step> steps_of(const Request& request, const Judged& now)
{
    std::vector<Step> steps;
    if (is_to_be_repaired(request, now)) {
        steps.emplace_back(FinishPackages{});
    }
    steps.insert(steps.end(), now.mirror.steps.begin(), now.mirror.steps.end());
    steps.insert(steps.end(), now.plan.steps.begin(), now.plan.steps.end());
    return steps;
}

std::vector<std::string> notes_of(const Request& request, const Judged& now)
{
    auto notes = request.remarks;
    notes.insert(notes.end(), now.mirror.notes.begin(), now.mirror.notes.end());
    notes.insert(notes.end(), now.plan.notes.begin(), now.plan.notes.end());
    return notes;
}

}  // namespace kvmkit::setup
