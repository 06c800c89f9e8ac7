// SPDX-License-Identifier: Apache-2.0
#include "probe/resources.hpp"

#include "base/number.hpp"
#include "base/text.hpp"
#include "facts/task.hpp"
#include "probe/kernel_settings.hpp"
#include "system/small_files.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr const char* groups_folder = "sys/fs/cgroup";

/// How a version of control groups spells a bound and what is used of it.
struct Bound {
    const char* controller;
    const char* limit;
    const char* used;
};

/// What one group leaves of its bound: what is used is taken off, what could be given back is not.
std::optional<std::uint64_t> left_in(const Root& root, const std::string& folder, const Bound& bound)
{
    const auto limit = parse_cgroup_limit(text_or_nothing(root, fmt::format("{}/{}", folder, bound.limit)));
    if (!limit) {
        return std::nullopt;
    }
    const auto used = parse_cgroup_limit(text_or_nothing(root, fmt::format("{}/{}", folder, bound.used))).value_or(0);
    const bool memory = std::string_view{bound.controller} == "memory";
    const auto cached = memory ? cached_bytes(text_or_nothing(root, folder + "/memory.stat")) : 0;
    const auto kept = used - std::min(used, cached);
    return *limit - std::min(*limit, kept);
}

/// The least that a group and those above it leave.
std::optional<std::uint64_t> left_on_path(const Root& root, std::string path, const Bound& bound)
{
    std::optional<std::uint64_t> least;
    while (true) {
        const auto folder = path.empty() ? std::string{groups_folder} : fmt::format("{}/{}", groups_folder, path);
        const auto here = left_in(root, folder, bound);
        least = here && (!least || *here < *least) ? here : least;
        if (path.empty()) {
            return least;
        }
        const auto slash = path.rfind('/');
        path = slash == std::string::npos ? std::string{} : path.substr(0, slash);
    }
}

/// Version 1 where the controller is mounted by itself, else version 2.
std::optional<std::uint64_t> left_of(const Root& root, const std::string& cgroup, std::string_view controller)
{
    const bool memory = controller == "memory";
    const auto path = cgroup_path(cgroup, controller);
    if (!path) {
        return std::nullopt;
    }
    const bool old = root.exists(fmt::format("{}/{}", groups_folder, controller));
    const Bound pids{"pids", "pids.max", "pids.current"};
    const Bound bytes{"memory", "memory.max", "memory.current"};
    const Bound old_bytes{"memory", "memory.limit_in_bytes", "memory.usage_in_bytes"};
    return left_on_path(root, *path, memory ? (old ? old_bytes : bytes) : pids);
}

Fact<ProcessFacts> read_process(const Root& root)
{
    const auto limits = root.read("proc/self/limits");
    if (!limits) {
        return limits.error();
    }
    if (!*limits) {
        return std::optional<ProcessFacts>{};
    }
    const auto status = text_or_nothing(root, "proc/self/status");
    const auto ids = words(status_value(status, "Uid"));
    const auto cgroup = text_or_nothing(root, "proc/self/cgroup");
    const auto memory = left_of(root, cgroup, "memory");
    return std::optional{ProcessFacts{
        .uid = ids.size() < 2 ? 0 : decimal<unsigned>(ids[1]).value_or(0),
        .locked_memory = parse_limit(**limits, "Max locked memory"),
        .open_files = parse_limit(**limits, "Max open files"),
        .tasks = parse_limit(**limits, "Max processes"),
        .memory_left = memory ? std::optional{Bytes::of(*memory)} : std::nullopt,
        .tasks_left = left_of(root, cgroup, "pids"),
    }};
}

/// Version 2 shows its controllers at the top, beside version 1 in a folder of its own.
Fact<ControlGroups> read_control_groups(const Root& root)
{
    const auto unified = root.read(fmt::format("{}/cgroup.controllers", groups_folder));
    if (!unified) {
        return unified.error();
    }
    ControlGroups groups;
    if (*unified) {
        const auto names = words(**unified);
        groups.controllers = {names.begin(), names.end()};
        return std::optional{std::move(groups)};
    }
    const auto all = root.read("proc/cgroups");
    if (!all) {
        return all.error();
    }
    if (!*all) {
        return std::optional<ControlGroups>{};
    }
    groups.controllers = parse_cgroups(**all);
    const bool hybrid = root.exists(fmt::format("{}/unified", groups_folder));
    groups.version = hybrid ? ControlGroups::Version::hybrid : ControlGroups::Version::v1;
    return std::optional{std::move(groups)};
}

/// The groups of libvirt's guests, and our own.
std::vector<std::string> groups_with_devices(const Root& root)
{
    std::vector<std::string> groups{"devices/machine.slice", "devices/machine"};
    const auto own = cgroup_path(text_or_nothing(root, "proc/self/cgroup"), "devices");
    if (own && (*own == "devices" || own->starts_with("devices/"))) {
        groups.push_back(*own);
    }
    return groups;
}

Fact<std::vector<DeviceList>> read_device_lists(const Root& root)
{
    constexpr unsigned misc = 10;
    constexpr unsigned kvm = 232;
    constexpr std::string_view top = "devices";
    if (!root.exists(fmt::format("{}/{}", groups_folder, top))) {
        return std::optional<std::vector<DeviceList>>{};
    }
    std::vector<DeviceList> found;
    for (const auto& group : groups_with_devices(root)) {
        const auto list = root.read(fmt::format("{}/{}/devices.list", groups_folder, group));
        if (!list) {
            return list.error();
        }
        if (*list) {
            const auto name = group.substr(std::min(group.size(), top.size() + 1));
            found.push_back({name, allows_device(**list, misc, kvm)});
        }
    }
    return std::optional{std::move(found)};
}

std::size_t count_nodes(const Root& root)
{
    const auto names = root.names("sys/devices/system/node");
    if (!names || !*names) {
        return 0;
    }
    return static_cast<std::size_t>(std::ranges::count_if(**names, [](std::string_view name) {
        return name.starts_with("node") && decimal<unsigned>(name.substr(4)).has_value();
    }));
}

}  // namespace

ResourceFacts read_resources(const Root& root)
{
    ResourceFacts facts;
    facts.looked = root.is_this_host();
    const auto meminfo = root.read("proc/meminfo");
    if (!meminfo) {
        facts.memory = meminfo.error();
    } else if (*meminfo) {
        facts.memory = parse_meminfo(**meminfo);
        facts.promises = std::optional{parse_promises(**meminfo)};
    }
    facts.overcommit = trimmed(root, "proc/sys/vm/overcommit_memory");
    facts.samepage_merging = trimmed(root, "sys/kernel/mm/ksm/run");
    facts.transparent_pages = chosen_in(root, "sys/kernel/mm/transparent_hugepage/enabled");
    facts.cgroups = read_control_groups(root);
    facts.device_lists = read_device_lists(root);
    facts.process = read_process(root);
    facts.clocksource = trimmed(root, "sys/devices/system/clocksource/clocksource0/current_clocksource");
    facts.clocksources = trimmed(root, "sys/devices/system/clocksource/clocksource0/available_clocksource");
    facts.numa_balancing = trimmed(root, "proc/sys/kernel/numa_balancing");
    facts.numa_nodes = count_nodes(root);
    return facts;
}

}  // namespace kvmkit
