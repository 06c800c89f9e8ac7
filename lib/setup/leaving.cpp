// SPDX-License-Identifier: Apache-2.0
#include "setup/leaving.hpp"

#include "setup/apt.hpp"
#include "setup/distribution.hpp"
#include "setup/host.hpp"
#include "setup/package_work.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

using How = Arrival::How;

constexpr const char* apts_own_log = "what apt installed is told in /var/log/apt/history.log";

std::vector<std::string> names_of(const std::vector<Arrival>& arrivals, bool (*wanted)(const Arrival&))
{
    std::vector<std::string> names;
    for (const Arrival& arrival : arrivals) {
        if (wanted(arrival)) {
            names.push_back(arrival.name);
        }
    }
    return names;
}

bool came(const Arrival& arrival)
{
    return arrival.how != How::changed;
}

bool came_with_settings(const Arrival& arrival)
{
    return arrival.how == How::added;
}

bool was_changed(const Arrival& arrival)
{
    return arrival.how == How::changed;
}

/// What libvirt was told of VMs and networks: with its packages' settings would go what these need, such as users.
std::vector<std::string> definitions(const Root& root)
{
    std::vector<std::string> found;
    const auto look_in = [&](const std::string& folder, std::string_view shipped) {
        const auto names = root.names(folder);
        if (!names || !*names) {
            return;
        }
        for (const std::string& name : **names) {
            if (name.ends_with(".xml") && name != shipped) {
                found.push_back(fmt::format("/{}/{}", folder, name));
            }
        }
    };
    look_in("etc/libvirt/qemu", "");
    look_in("etc/libvirt/qemu/networks", "default.xml");
    std::ranges::sort(found);
    return found;
}

bool is_in_dpkg(const PackageTable& table, const std::string& name)
{
    const auto is_there = [&table](const std::string& key) {
        const auto found = table.all().find(key);
        return found != table.all().end() && is_present(found->second.state);
    };
    return is_there(name) || is_there(name + ":all") || is_there(fmt::format("{}:{}", name, table.architecture()));
}

}  // namespace

Result<Leaving> plan_leaving(const Root& root, Runner& runner, const PackageLimits& limits, const txn::Record& record)
{
    const auto distribution = detect_distribution(root);
    const bool apt = distribution && distribution->installer == Installer::apt;
    if (!apt || was_ordered(record) || package_work(record) != PackageWork::packages) {
        return Leaving{};
    }
    const auto arrivals = kept_arrivals(record);
    if (!arrivals) {
        return arrivals.error();
    }
    if (!*arrivals) {
        return Error{ErrorCode::refused,
                     "its journal does not say which packages apt brought",
                     fmt::format("take it back without --packages; {}", apts_own_log)};
    }
    const auto table = read_packages(root);
    auto sound = table ? check_finished(*table) : Result<void>{table.error()};
    if (!sound) {
        return std::move(sound).error();
    }
    Leaving leaving{.remove = names_of(**arrivals, came), .purge = {}};
    std::erase_if(leaving.remove, [&](const std::string& name) { return !is_in_dpkg(*table, name); });
    if (definitions(root).empty()) {
        leaving.purge = names_of(**arrivals, came_with_settings);
        std::erase_if(leaving.purge, [&](const std::string& name) { return !is_in_dpkg(*table, name); });
    }
    auto alone = Apt{runner, limits}.check_removal(leaving.remove);
    return alone ? Result<Leaving>{std::move(leaving)} : std::move(alone).error();
}

txn::Intent intent_of(const Leaving& leaving)
{
    return {fmt::format("bring {}", fmt::join(leaving.remove, " ")),
            encode(RemovePackages{.names = leaving.remove, .purge = leaving.purge, .spares_vms = true}),
            true};
}

bool was_ordered(const txn::Record& record)
{
    return std::ranges::any_of(record.steps, &txn::StepRecord::last);
}

std::vector<std::string> what_stays(const Root& root, Runner& runner, const txn::Record& record)
{
    std::vector<std::string> notes;
    const auto arrivals = kept_arrivals(record);
    if (!arrivals || !*arrivals) {
        return notes;
    }
    if (const auto changed = names_of(**arrivals, was_changed); !changed.empty()) {
        notes.push_back(
            fmt::format("it was there before, in another version, and stays: {}", fmt::join(changed, ", ")));
    }
    const auto with_settings = names_of(**arrivals, came_with_settings);
    if (with_settings.empty()) {
        return notes;
    }
    if (const auto defined = definitions(root); !defined.empty()) {
        notes.push_back(fmt::format("the packages' settings stay: libvirt's definitions lie among them: {}",
                                    fmt::join(defined, ", ")));
        return notes;
    }
    const auto edited = Apt{runner, {}}.edited_files(with_settings);
    if (edited && !edited->empty()) {
        notes.push_back(
            fmt::format("it was edited, and stays with its package's other settings: {}", fmt::join(*edited, ", ")));
    }
    return notes;
}

std::optional<std::string> packages_note(const txn::Record& record)
{
    if (package_work(record) != PackageWork::packages) {
        return std::nullopt;
    }
    const auto arrivals = kept_arrivals(record);
    const bool known = arrivals && *arrivals && std::ranges::any_of(**arrivals, came);
    return known ? fmt::format("its packages stay; to remove them, too: host-setup rollback {} --packages", record.id)
                 : std::string{"its packages stay: host-setup removes none"};
}

}  // namespace kvmkit::setup
