// SPDX-License-Identifier: Apache-2.0
#include "setup/plan.hpp"

#include "setup/apt_lists.hpp"
#include "setup/installer.hpp"
#include "setup/manual.hpp"
#include "setup/package_manager.hpp"
#include "setup/profile.hpp"
#include "setup/service_plan.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <iterator>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

constexpr std::array usual_components{
    Component::hypervisor, Component::network, Component::modules, Component::groups, Component::services};
constexpr std::array all_components{Component::hypervisor,
                                    Component::network,
                                    Component::modules,
                                    Component::groups,
                                    Component::services,
                                    Component::nested,
                                    Component::mirror,
                                    Component::tools,
                                    Component::guest_images,
                                    Component::desktop,
                                    Component::ssh_root};

/// Whether packages are about to bring what one of these capabilities stands for.
bool brings(const Plan& plan, std::initializer_list<std::string_view> capabilities)
{
    return std::ranges::any_of(plan.missing, [&](const Need& need) {
        return std::ranges::find(capabilities, need.capability) != capabilities.end();
    });
}

Result<void> plan_packages(const Host& host, const Components& components, Plan& plan)
{
    plan.missing = host.missing();
    if (plan.missing.empty()) {
        return {};
    }
    if (host.seal) {
        return refusal_of(*host.seal, package_names(plan.missing));
    }
    if (needs_refresh(host, plan.missing)) {
        plan.steps.emplace_back(RefreshLists{});
    }
    const bool held = is_to_be_held(host, components) && (host.image || brings(plan, {"libvirt"}));
    if (held) {
        plan.steps.emplace_back(HoldLibvirt{});
    }
    if (host.distribution.installer == Installer::pacman) {
        plan.notes.emplace_back("pacman upgrades the whole host along: Arch serves none that is upgraded in part");
    }
    plan.steps.emplace_back(InstallPackages{package_names(plan.missing)});
    if (held && host.image) {
        plan.steps.emplace_back(ReleaseLibvirt{});
    }
    return {};
}

void append(std::vector<Step> steps, std::vector<std::string> notes, Plan& plan)
{
    std::ranges::move(steps, std::back_inserter(plan.steps));
    std::ranges::move(notes, std::back_inserter(plan.notes));
}

/// The module, now and at every boot.
void plan_module(const Host& host, Plan& plan)
{
    const KvmModule& module = host.module;
    if (!module.name) {
        plan.notes.emplace_back("/dev/kvm is absent and the CPU shows neither vmx nor svm: see kvm-check");
    } else if (module.loaded) {
        plan.notes.push_back(fmt::format(
            "module {} is loaded, but /dev/kvm is absent: a container must be given the device", *module.name));
    } else if (!module.available) {
        plan.notes.push_back(fmt::format(
            "module {} is not loaded, and the running kernel has no modules in /lib/modules: reboot into the "
            "installed kernel, or load it outside of this container",
            *module.name));
    } else {
        plan.steps.emplace_back(LoadModule{*module.name});
        plan.steps.emplace_back(SetFile{"etc/modules-load.d/kvmkit.conf", *module.name + "\n", 0644});
    }
}

/// A node that only root may open makes libvirt forget and probe again, for a minute, what QEMU can do.
void plan_device(const Host& host, const Components& components, Plan& plan)
{
    const bool comes =
        std::ranges::any_of(plan.steps, [](const Step& step) { return step.index() == Step{LoadModule{}}.index(); });
    if (host.device.udev_runs || host.device.open_to_group() || (!host.device.present && !comes)) {
        return;
    }
    const bool group_comes = components.contains(Component::hypervisor) && !plan.missing.empty();
    if (!host.device.kvm_group && !group_comes) {
        plan.notes.emplace_back(
            "/dev/kvm is open to root only, and there is no group kvm: host-setup apply hypervisor");
        return;
    }
    plan.steps.emplace_back(GrantDevice{});
}

void plan_modules(const Host& host, const Components& components, Plan& plan)
{
    if (host.image) {
        plan.notes.push_back(host.image->module_note);
    }
    if (!host.live) {
        return;
    }
    if (!host.device.present) {
        plan_module(host, plan);
    }
    plan_device(host, components, plan);
}

void plan_users(const Host& host, Plan& plan)
{
    auto groups = plan_groups(host.user, !plan.missing.empty());
    append(std::move(groups.steps), std::move(groups.notes), plan);
    if (groups.relogin) {
        plan.relogin.push_back(host.user.name);
    }
}

Result<void> plan_nesting(const Host& host, Plan& plan)
{
    if (!host.live && !host.image) {
        return {};
    }
    auto nested = host.image ? plan_nested_of_image(*host.image) : plan_nested(host.module, host.nested, host.device);
    if (!nested) {
        return std::move(nested).error();
    }
    append(std::move(nested->steps), std::move(nested->notes), plan);
    if (!nested->reboot.empty()) {
        plan.reboot.push_back(std::move(nested->reboot));
    }
    return {};
}

/// Whether libvirt runs once a plan's steps are made.
bool libvirt_will_run(const Host& host, const Plan& plan)
{
    return !host.image && (host.service.daemon == Daemon::running || host.service.modular ||
                           std::ranges::any_of(plan.steps, [](const Step& step) {
                               return std::holds_alternative<ProveLibvirt>(step);
                           }));
}

/// The network's steps lie on both sides of libvirt's start; `first` is the place behind the packages.
Result<void> plan_default_network(const Host& host, const NetworkWish& wish, std::ptrdiff_t first, Plan& plan)
{
    const bool held =
        std::ranges::any_of(plan.steps, [](const Step& step) { return std::holds_alternative<HoldLibvirt>(step); });
    const NetworkOutlook outlook{.comes = brings(plan, {"libvirt", "default-network"}),
                                 .will_run = libvirt_will_run(host, plan)};
    auto network = host.live || host.image ? plan_network(host.network, wish, outlook) : Result<NetworkPlan>{};
    if (!network) {
        return std::move(network).error();
    }
    if (held && !host.image) {
        network->before.emplace_back(ReleaseLibvirt{});
    }
    if (host.image) {
        network->notes.emplace_back(
            "which addresses the host will have is known by this image's files alone: libvirt's network 'default' is "
            "looked at again by host-setup apply network on the host");
    }
    plan.steps.insert(plan.steps.begin() + first, network->before.begin(), network->before.end());
    append(std::move(network->after), std::move(network->notes), plan);
    return {};
}

}  // namespace

std::string_view word(Component component) noexcept
{
    switch (component) {
        case Component::hypervisor: return "hypervisor";
        case Component::network: return "network";
        case Component::modules: return "modules";
        case Component::groups: return "groups";
        case Component::services: return "services";
        case Component::nested: return "nested";
        case Component::mirror: return "mirror";
        case Component::tools: return "tools";
        case Component::guest_images: return "guest-images";
        case Component::desktop: return "desktop";
        case Component::ssh_root: return "ssh-root";
    }
    return "";
}

std::vector<std::string> component_words()
{
    std::vector<std::string> names;
    std::ranges::transform(
        all_components, std::back_inserter(names), [](Component each) { return std::string{word(each)}; });
    return names;
}

Result<Components> parse_components(const std::vector<std::string>& names)
{
    Components chosen;
    for (const std::string& name : names) {
        const auto* found = std::ranges::find(all_components, name, [](Component each) { return word(each); });
        if (found == all_components.end()) {
            return Error{ErrorCode::usage,
                         fmt::format("unknown component '{}'", name),
                         fmt::format("there are: {}", fmt::join(component_words(), ", "))};
        }
        chosen.insert(*found);
    }
    return chosen.empty() ? Components{usual_components.begin(), usual_components.end()} : chosen;
}

bool is_to_be_held(const Host& host, const Components& components)
{
    const bool starts_what_it_installs =
        host.distribution.family == Family::debian || host.distribution.family == Family::ubuntu;
    if (host.image) {
        return starts_what_it_installs;
    }
    return host.live && starts_what_it_installs && components.contains(Component::network) &&
           host.service.daemon != Daemon::forbidden && host.service.daemon != Daemon::running;
}

bool needs_refresh(const Host& host, const std::vector<Need>& missing)
{
    const bool fresh = host.lists_age && *host.lists_age < oldest_lists;
    const bool known = !host.asks_manager() || std::ranges::all_of(missing, [&host](const Need& need) {
        return host.candidates.contains(need.package);
    });
    return !fresh || !known;
}

Result<Plan> make_plan(const Host& host, const Components& components, const NetworkWish& network)
{
    Plan plan;
    const auto wanted = [&components](Component each) { return components.contains(each); };
    if (!host.distribution.note.empty()) {
        plan.notes.push_back(host.distribution.note);
    }
    plan.notes.insert(plan.notes.end(), host.remarks.begin(), host.remarks.end());
    auto planned = bundles_of(components).empty() ? Result<void>{} : plan_packages(host, components, plan);
    const auto behind_packages = static_cast<std::ptrdiff_t>(plan.steps.size());
    if (planned && wanted(Component::nested)) {
        planned = plan_nesting(host, plan);
    }
    if (wanted(Component::modules)) {
        plan_modules(host, components, plan);
    }
    if (wanted(Component::groups)) {
        plan_users(host, plan);
    }
    if (planned && wanted(Component::services)) {
        const bool comes = wanted(Component::hypervisor) && !plan.missing.empty();
        auto services = plan_services(host, comes);
        if (!services) {
            return std::move(services).error();
        }
        append(std::move(services->steps), std::move(services->notes), plan);
    }
    if (planned && wanted(Component::network)) {
        planned = plan_default_network(host, network, behind_packages, plan);
    }
    append({}, manual_lines(host, components, plan.missing), plan);
    return planned ? Result<Plan>{std::move(plan)} : std::move(planned).error();
}

std::string_view updater(const Distribution& distribution) noexcept
{
    return words_of(distribution.installer).update;
}

Result<void> check_candidates(const Host& host, const std::vector<Need>& missing, std::span<const std::string> problems)
{
    std::vector<std::string> unknown;
    for (const Need& need : missing) {
        if (!host.candidates.contains(need.package)) {
            unknown.push_back(need.package);
        }
    }
    if (unknown.empty()) {
        return {};
    }
    const bool apt = host.distribution.installer == Installer::apt;
    auto message = fmt::format("cannot find package '{}': no {} it for '{}'",
                               fmt::join(unknown, "', '"),
                               apt ? "source of apt has" : "repository that is enabled has",
                               apt ? host.distribution.suite : host.distribution.name);
    if (!problems.empty()) {
        message += fmt::format(
            "\n{} could not read all sources:\n  {}", updater(host.distribution), fmt::join(problems, "\n  "));
    }
    if (!apt) {
        return Error{ErrorCode::not_found,
                     std::move(message),
                     fmt::format("{} shows what is there; another name for it: /etc/kvmkit/packages.json",
                                 words_of(host.distribution.installer).repositories)};
    }
    const bool moved = message.find("does not have a Release file") != std::string::npos;
    if (moved) {
        return Error{ErrorCode::not_found,
                     std::move(message),
                     "a release that has ended is moved to its vendor's archive: host-setup mirror use URL; "
                     "mirrors that may have it still: host-setup mirror test"};
    }
    return Error{ErrorCode::not_found,
                 std::move(message),
                 "check /etc/apt/sources.list and sources.list.d: Debian needs main, Ubuntu main and universe"};
}

Result<std::optional<Price>> price_of(const Host& host, const Plan& plan, Runner& runner)
{
    if (!host.asks_manager() || plan.missing.empty() || needs_refresh(host, plan.missing)) {
        return std::optional<Price>{};
    }
    auto price = open_manager(host.distribution.installer, runner, {})->price(package_names(plan.missing));
    if (!price) {
        return std::move(price).error();
    }
    return std::optional{std::move(*price)};
}

}  // namespace kvmkit::setup
