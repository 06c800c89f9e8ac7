// SPDX-License-Identifier: Apache-2.0
#include "setup/saved_plan.hpp"

#include "base/printable.hpp"
#include "base/sha256.hpp"
#include "base/starts_with_any.hpp"
#include "setup/apt_lists.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

using Answers = std::map<std::string, std::string>;

constexpr const char* none = "none";
constexpr const char* lists_answer = "package lists";
constexpr std::size_t longest_shown = 2000;

std::string yes_or_no(bool answer)
{
    return answer ? "yes" : "no";
}

std::string device_text(const KvmDevice& device)
{
    return device.present ? fmt::format("mode {:04o}, gid {}", device.mode, device.owner_group) : "absent";
}

std::string module_text(const Host& host)
{
    const auto& module = host.module;
    return module.name ? fmt::format("{}, {}, nesting {}",
                                     *module.name,
                                     module.loaded ? "loaded" : "not loaded",
                                     host.nested.on ? "on" : "off")
                       : none;
}

std::string package_text(const PackageTable& packages)
{
    std::string all;
    for (const auto& [name, package] : packages.all()) {
        all += fmt::format("{} {} {}\n", name, package.version, package.state);
    }
    return "sha256:" + sha256(all);
}

std::string claims_text(const std::vector<Ipv4Claim>& claims)
{
    std::vector<std::string> sentences;
    std::ranges::transform(
        claims, std::back_inserter(sentences), [](const Ipv4Claim& claim) { return describe(claim); });
    std::ranges::sort(sentences);
    return fmt::format("{}", fmt::join(sentences, "; "));
}

bool has(const std::vector<SavedStep>& steps, const SavedStep& step)
{
    return std::ranges::find(steps, step) != steps.end();
}

/// Whether a step that is still to be made is a part of a plan that was begun: fewer packages, or finishing them.
bool is_rest_of(const SavedPlan& plan, const PackageTable& packages, const Step& step)
{
    const auto* install = std::get_if<InstallPackages>(&step);
    const bool planned =
        install != nullptr && plan.packages &&
        std::ranges::all_of(install->names, [&](const std::string& name) { return plan.packages->contains(name); });
    return planned || (std::holds_alternative<FinishPackages>(step) && left_by(plan, packages));
}

/// Of a plan that was begun, what is still to be made and is no part of it.
std::vector<Drift> drifts_of_rest(const SavedPlan& plan, const PackageTable& packages, const std::vector<Step>& steps)
{
    std::vector<Drift> drifts;
    const auto now = saved_steps(steps);
    for (std::size_t i = 0; i < steps.size(); ++i) {
        if (!has(plan.steps, now[i]) && !is_rest_of(plan, packages, steps[i])) {
            drifts.push_back({fmt::format("step '{}'", now[i].text), "not in the plan", "to be made"});
        }
    }
    return drifts;
}

/// Whether packages write there when they are installed.
bool packages_write(std::string_view path)
{
    constexpr std::array<std::string_view, 8> places{"var/lib/dpkg/",
                                                     "etc/passwd",
                                                     "etc/group",
                                                     "etc/libvirt/",
                                                     "etc/modprobe.d/",
                                                     "usr/lib/modprobe.d/",
                                                     "lib/modprobe.d/",
                                                     "etc/modules-load.d/"};
    return starts_with_any(path, places);
}

bool is_version(const Drift& drift)
{
    return drift.what.ends_with(", to be had in version");
}

/// Whether newer package lists change what is answered: versions that can be had are compared where they were and are
/// known.
bool lists_change(const Drift& drift)
{
    return is_version(drift) ? drift.was == none || drift.is == none : drift.what == lists_answer;
}

/// Whether packages change it, which come after newer lists.
bool packages_change(const Drift& drift)
{
    constexpr std::array<std::string_view, 3> others{"service manager", "VMs that run", "addresses in use"};
    return is_version(drift) ? lists_change(drift) : std::ranges::find(others, drift.what) == others.end();
}

/// The steps of a plan without those that fetch the package lists: these need not be fetched again.
std::vector<SavedStep> without_refresh(std::vector<SavedStep> steps)
{
    std::erase_if(steps, [](const SavedStep& step) { return step.kind == kind(RefreshLists{}); });
    return steps;
}

std::vector<Drift> step_drifts(const std::vector<SavedStep>& before, const std::vector<SavedStep>& now)
{
    std::vector<Drift> drifts;
    for (const SavedStep& step : before) {
        if (!has(now, step)) {
            drifts.push_back({fmt::format("step '{}'", step.text), "to be made", "not to be made, or otherwise"});
        }
    }
    for (const SavedStep& step : now) {
        if (!has(before, step)) {
            drifts.push_back({fmt::format("step '{}'", step.text), "not in the plan", "to be made"});
        }
    }
    return drifts;
}

std::string sentences(const std::vector<Drift>& drifts)
{
    std::string text;
    for (const Drift& drift : drifts) {
        text += fmt::format("\n  {}: was {}, is {}",
                            printable(drift.what, longest_shown),
                            printable(drift.was, longest_shown),
                            printable(drift.is, longest_shown));
    }
    return text;
}

Answers versions_of(const Price& price)
{
    Answers versions;
    for (const auto& package : price.install) {
        versions.emplace(package.name, package.version);
    }
    return versions;
}

}  // namespace

std::vector<SavedStep> saved_steps(const std::vector<Step>& steps)
{
    std::vector<SavedStep> saved;
    saved.reserve(steps.size());
    for (const Step& step : steps) {
        saved.push_back({std::string{kind(step)}, describe(step), sha256(encode(step))});
    }
    return saved;
}

Answers answers_of(const Host& host)
{
    const ServiceState& service = host.service;
    const bool fresh = host.lists_age && *host.lists_age < oldest_lists;
    Answers answers{
        {"libvirt's service", fmt::format("{}, at boot: {}", word(service.daemon), yes_or_no(service.enabled))},
        {"libvirt's modular daemons", yes_or_no(service.modular)},
        {"service manager", std::string{word(service.manager)}},
        {"/dev/kvm", device_text(host.device)},
        {"module of KVM", module_text(host)},
        {"VMs that run", yes_or_no(!host.network.vms.empty())},
        {lists_answer, fresh ? "of today" : "to be fetched"},
        {"installed packages", package_text(host.packages)}};
    if (host.network.claims && *host.network.claims) {
        answers.emplace("addresses in use", claims_text(**host.network.claims));
    }
    for (const auto& [name, version] : host.candidates) {
        answers.emplace(fmt::format("package {}, to be had in version", name), version);
    }
    for (const UsefulGroup& group : host.user.groups) {
        answers.emplace(fmt::format("{} in group {}", host.user.name, group.name), yes_or_no(group.inside));
    }
    return answers;
}

void keep_price(const std::optional<Price>& price, SavedPlan& plan)
{
    if (price) {
        plan.packages = versions_of(*price);
        plan.remove = price->remove;
    }
}

Result<void> check_origin(const SavedPlan& plan, const MachineMark& here, const std::string& version)
{
    const bool looked_at = plan.looked_at();
    const auto* const refused = looked_at ? "refused to apply plan" : "refused to go on";
    const auto* const hint = looked_at ? look_anew : "give the command again";
    if (plan.version != version) {
        return Error{ErrorCode::refused,
                     fmt::format("{}: version {} of host-setup {} it, and this is version {}",
                                 refused,
                                 plan.version,
                                 looked_at ? "made" : "began",
                                 version),
                     hint};
    }
    const auto other = other_host(plan.host, here);
    if (other.empty()) {
        return {};
    }
    return Error{ErrorCode::refused, fmt::format("{}: it is of another host: {}", refused, other), hint};
}

bool left_by(const SavedPlan& plan, const PackageTable& packages)
{
    const auto unfinished = packages.unfinished();
    return std::ranges::all_of(
        unfinished, [&](const Package& package) { return plan.packages && plan.packages->contains(package.name); });
}

Result<void> check_drift(
    const SavedPlan& plan, const Root& root, const Host& host, const std::vector<Step>& steps, Headway headway)
{
    auto drifts = drifts_between(plan.read, look_at_watched_files(root), "absent");
    auto answers = drifts_between(plan.asked, answers_of(host), none);
    const auto now = saved_steps(steps);
    auto others = step_drifts(plan.steps, now);
    if (headway == Headway::lists) {
        std::erase_if(answers, lists_change);
        others = step_drifts(without_refresh(plan.steps), without_refresh(now));
    }
    if (headway == Headway::packages) {
        std::erase_if(drifts, [](const Drift& drift) { return packages_write(drift.what); });
        std::erase_if(answers, packages_change);
        others = drifts_of_rest(plan, host.packages, steps);
    }
    std::ranges::for_each(drifts, [](Drift& drift) { drift.what.insert(0, "/"); });
    std::ranges::move(answers, std::back_inserter(drifts));
    std::ranges::move(others, std::back_inserter(drifts));
    if (drifts.empty()) {
        return {};
    }
    return Error{ErrorCode::refused,
                 fmt::format("refused to apply plan: this host is not as it was at {}{}", plan.made, sentences(drifts)),
                 look_anew};
}

Result<void> check_same_price(const SavedPlan& plan, const Price& price, Headway headway)
{
    if (!plan.packages) {
        return {};
    }
    const bool begun = headway == Headway::packages;
    auto drifts = drifts_between(*plan.packages, versions_of(price), none);
    if (begun) {
        std::erase_if(drifts, [](const Drift& drift) { return drift.is == none; });
    }
    const bool same_removal =
        begun ? std::ranges::all_of(
                    price.remove,
                    [&](const auto& name) { return std::ranges::find(plan.remove, name) != plan.remove.end(); })
              : plan.remove == price.remove;
    if (drifts.empty() && same_removal) {
        return {};
    }
    const auto removal = same_removal ? std::string{}
                                      : fmt::format("\n  packages that would go: were '{}', are '{}'",
                                                    fmt::join(plan.remove, " "),
                                                    fmt::join(price.remove, " "));
    return Error{ErrorCode::refused,
                 fmt::format("refused to apply plan: other packages would come by now{}{}", sentences(drifts), removal),
                 look_anew};
}

}  // namespace kvmkit::setup
