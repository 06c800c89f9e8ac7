// SPDX-License-Identifier: Apache-2.0
#include "setup/groups.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "system/small_files.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

/// The first lets QEMU open /dev/kvm, the second manages libvirt without a password.
constexpr std::array useful_groups{"kvm", "libvirt"};
constexpr std::size_t most_named = 3;

/// A process as proc/PID/status tells it.
struct Process {
    std::string pid;
    std::string name;
    std::set<unsigned> gids;
};

/// The numbers of one line of proc/PID/status.
std::vector<unsigned> numbers_of(std::string_view status, std::string_view key)
{
    std::vector<unsigned> numbers;
    for (const auto line : lines(status)) {
        if (!line.starts_with(key)) {
            continue;
        }
        const auto texts = words(line.substr(key.size()));
        numbers.reserve(texts.size());
        for (const auto word : texts) {
            numbers.push_back(decimal<unsigned>(word).value_or(0));
        }
    }
    return numbers;
}

std::vector<Process> processes_of(const Root& root, unsigned uid)
{
    std::vector<Process> found;
    const auto names = root.names("proc");
    if (!names || !*names) {
        return found;
    }
    for (const std::string& name : **names) {
        if (name.find_first_not_of("0123456789") != std::string::npos) {
            continue;
        }
        const auto status = text_or_nothing(root, fmt::format("proc/{}/status", name));
        const auto uids = numbers_of(status, "Uid:");
        if (uids.empty() || uids.front() != uid) {
            continue;
        }
        const auto gids = numbers_of(status, "Groups:");
        const auto primary = numbers_of(status, "Gid:");
        Process process{name, text_or_nothing(root, fmt::format("proc/{}/comm", name)), {gids.begin(), gids.end()}};
        process.gids.insert(primary.begin(), primary.end());
        found.push_back(std::move(process));
    }
    return found;
}

std::vector<std::string> without(const std::vector<Process>& processes, std::optional<unsigned> gid)
{
    std::vector<std::string> found;
    found.reserve(processes.size());
    for (const Process& process : processes) {
        if (!gid || !process.gids.contains(*gid)) {
            found.push_back(fmt::format("pid {} ({})", process.pid, trim(process.name)));
        }
    }
    return found;
}

void tell_relogin(const UserState& user, GroupPlan& plan)
{
    std::vector<std::string> groups;
    std::vector<std::string> sessions;
    for (const UsefulGroup& group : user.groups) {
        const bool wanted = group.there || !plan.steps.empty();
        if (wanted && !group.stale_sessions.empty()) {
            groups.push_back(group.name);
            sessions = group.stale_sessions;
        }
    }
    plan.relogin = !groups.empty();
    if (!plan.relogin) {
        return;
    }
    const bool more = sessions.size() > most_named;
    sessions.resize(std::min(sessions.size(), most_named));
    plan.notes.push_back(fmt::format("{} must log in again: what runs now is not in group {} ({}{})",
                                     user.name,
                                     fmt::join(groups, " and "),
                                     fmt::join(sessions, ", "),
                                     more ? ", ..." : ""));
}

}  // namespace

UserState observe_user(const Root& root, const std::string& name)
{
    UserState state{.name = name};
    if (name.empty()) {
        return state;
    }
    const auto group_file = text_or_nothing(root, "etc/group");
    const auto user = find_user(text_or_nothing(root, "etc/passwd"), group_file, name);
    state.known = user.has_value();
    const auto processes = user ? processes_of(root, user->uid) : std::vector<Process>{};
    state.groups.reserve(useful_groups.size());
    for (const auto* useful : useful_groups) {
        const auto group = find_group(group_file, useful);
        const auto gid = group ? std::optional{group->gid} : std::nullopt;
        state.groups.push_back({.name = useful,
                                .there = group.has_value(),
                                .inside = user && gid && user->gids.contains(*gid),
                                .stale_sessions = without(processes, gid)});
    }
    return state;
}

GroupPlan plan_groups(const UserState& user, bool comes)
{
    GroupPlan plan;
    if (user.name.empty() || user.name == "root") {
        return plan;  // root needs no group
    }
    if (!user.known) {
        plan.notes.push_back(fmt::format(
            "{0} is put into no group: /etc/passwd has no such user; by hand: gpasswd -a {0} libvirt", user.name));
        return plan;
    }
    for (const UsefulGroup& group : user.groups) {
        if (!group.there && !comes) {
            plan.notes.push_back(fmt::format("there is no group {}: host-setup apply hypervisor groups", group.name));
        } else if (!group.inside) {
            plan.steps.emplace_back(AddMember{user.name, group.name});
        }
        if (group.name == "libvirt" && !group.inside && (group.there || comes)) {
            plan.notes.push_back(
                fmt::format("in group libvirt {} manages VMs as root does, and can become root by them", user.name));
        }
    }
    tell_relogin(user, plan);
    return plan;
}

}  // namespace kvmkit::setup
