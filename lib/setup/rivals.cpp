// SPDX-License-Identifier: Apache-2.0
#include "setup/rivals.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr std::array container_words{"docker", "libpod", "crio", "kubepods", "containerd", "nspawn"};

std::string text_at(const Root& root, const std::string& path)
{
    const auto text = root.read(path);
    return text && *text ? **text : std::string{};
}

std::optional<Rival> find_proxmox(const Root& root)
{
    for (const std::string path : {"etc/pve", "usr/bin/pveversion"}) {
        if (root.exists(path)) {
            return Rival{"this is a Proxmox VE host",
                         path,
                         "there",
                         "Proxmox VE brings its own QEMU, which the distribution's would take the place of: make VMs "
                         "with qm or its web page"};
        }
    }
    return std::nullopt;
}

bool is_number(const std::string& name)
{
    return !name.empty() && name.find_first_not_of("0123456789") == std::string::npos;
}

/// A libvirt daemon whose control group is a container's that this process and the host's init are not in.
std::optional<Rival> find_contained_libvirt(const Root& root)
{
    constexpr const char* hint =
        "a second libvirt on the host would take over its VMs and its sockets: manage VMs through that container";
    if (root.exists("etc/kolla/nova-libvirt")) {
        return Rival{
            "its libvirt runs in a container", "etc/kolla/nova-libvirt", "the settings of Kolla's libvirt", hint};
    }
    const auto names = root.names("proc");
    if (!names || !*names) {
        return std::nullopt;
    }
    const auto here = container_in(text_at(root, "proc/1/cgroup"));
    for (const std::string& pid : **names) {
        const auto command = is_number(pid) ? text_at(root, fmt::format("proc/{}/comm", pid)) : std::string{};
        const auto name = trim(command);
        if (name != "libvirtd" && name != "virtqemud") {
            continue;
        }
        const auto path = fmt::format("proc/{}/cgroup", pid);
        const auto container = container_in(text_at(root, path));
        if (!container.empty() && container != here) {
            return Rival{"its libvirt runs in a container", path, fmt::format("{} runs in {}", name, container), hint};
        }
    }
    return std::nullopt;
}

}  // namespace

std::optional<Rival> find_rival(const Root& root)
{
    auto found = find_proxmox(root);
    return found ? found : find_contained_libvirt(root);
}

Error refusal_of(const Rival& rival)
{
    return {ErrorCode::refused,
            fmt::format("cannot set up host: {} (/{}: {})", rival.name, rival.path, rival.found),
            rival.hint};
}

std::string container_in(std::string_view cgroups)
{
    for (const auto line : lines(cgroups)) {
        const auto path = line.substr(std::min(line.rfind(':'), line.size() - 1) + 1);
        for (const auto part : split(path, '/')) {
            const bool named = std::ranges::any_of(container_words, [&](std::string_view each) {
                return part.starts_with(each) && part.size() > each.size() + 1;
            });
            const auto above = path.substr(0, static_cast<std::size_t>(part.data() - path.data()));
            const bool below = above.ends_with("/docker/") || above.ends_with("/lxc/");
            if ((named || below) && !part.empty() && !part.ends_with(".service")) {
                return std::string{part};
            }
        }
    }
    return {};
}

}  // namespace kvmkit::setup
