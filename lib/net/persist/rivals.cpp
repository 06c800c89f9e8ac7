// SPDX-License-Identifier: Apache-2.0
#include "net/persist/rivals.hpp"

#include "base/text.hpp"
#include "net/persist/ini_file.hpp"
#include "system/small_files.hpp"

#include <fnmatch.h>

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// systemd's list of patterns: a leading '!' turns the whole list round.
bool matches_list(std::string_view patterns, std::string_view name)
{
    const bool inverted = patterns.starts_with('!');
    const auto parts = words(inverted ? patterns.substr(1) : patterns);
    const bool any = std::ranges::any_of(parts, [name](std::string_view pattern) {
        return ::fnmatch(std::string{pattern}.c_str(), std::string{name}.c_str(), 0) == 0;
    });
    return any != inverted;
}

/// Whether a .network file is for that link. What it asks beyond name and MAC is taken to hold.
bool is_for(const std::vector<IniLine>& file, const Link& link)
{
    const auto name = value_in(file, "Match", "Name");
    const auto mac = value_in(file, "Match", "MACAddress");
    const auto parsed = MacAddress::parse(mac);
    if (!name.empty() && !matches_list(name, link.name.str())) {
        return false;
    }
    if (!mac.empty() && (!parsed || !link.mac || *parsed != *link.mac)) {
        return false;
    }
    return !file.empty();
}

struct NetworkdFile {
    std::string name;
    std::string path;
};

/// Of two files with one name the first folder's counts.
std::vector<NetworkdFile> networkd_files(const Root& root)
{
    constexpr std::array<std::string_view, 4> folders{
        "etc/systemd/network", "run/systemd/network", "usr/lib/systemd/network", "lib/systemd/network"};
    std::vector<NetworkdFile> files;
    for (const std::string_view folder : folders) {
        const auto names = root.names(std::string{folder});
        if (!names || !*names) {
            continue;
        }
        for (const std::string& name : **names) {
            if (std::ranges::find(files, name, &NetworkdFile::name) == files.end()) {
                files.push_back({name, fmt::format("{}/{}", folder, name)});
            }
        }
    }
    return files;
}

bool is_ours(const RivalSearch& search, const std::string& path)
{
    return std::ranges::find(search.ours, path, &KeptFile::path) != search.ours.end();
}

}  // namespace

bool starts_at_boot(const Root& root, const std::string& unit)
{
    constexpr std::array<std::string_view, 3> folders{
        "etc/systemd/system", "usr/lib/systemd/system", "lib/systemd/system"};
    for (const std::string_view folder : folders) {
        const auto names = root.names(std::string{folder});
        if (!names || !*names) {
            continue;
        }
        for (const std::string& name : **names) {
            const auto wanted = fmt::format("{}/{}/{}", folder, name, unit);
            if (name.ends_with(".wants") && root.link_target(wanted).value_or(std::nullopt)) {
                return true;
            }
        }
    }
    return false;
}

Rivals networkd_rivals(const RivalSearch& search)
{
    Rivals rivals;
    if (!starts_at_boot(search.root, "systemd-networkd.service")) {
        rivals.doubts.emplace_back("systemd-networkd is not started at boot: systemctl enable systemd-networkd");
    }
    for (const NetworkdFile& file : networkd_files(search.root)) {
        if (is_ours(search, file.path)) {
            continue;
        }
        const auto text = read_ini(text_or_nothing(search.root, file.path));
        for (const KeptLink& kept : search.profile.links) {
            const Link* link = find(search.network, kept.name);
            const bool before = file.name < fmt::format("10-net-setup-{}", kept.name.str());
            const bool settings = file.name.ends_with(".network") && link != nullptr && is_for(text, *link);
            const bool device = file.name.ends_with(".netdev") && value_in(text, "NetDev", "Name") == kept.name.str();
            if (before && (settings || device)) {
                rivals.doubts.push_back(fmt::format("/{} is for {} too, and comes first", file.path, kept.name.str()));
            }
        }
    }
    return rivals;
}

Rivals keyfile_rivals(const RivalSearch& search)
{
    constexpr int our_priority = 100;
    constexpr std::array<std::string_view, 3> folders{"etc/NetworkManager/system-connections",
                                                      "run/NetworkManager/system-connections",
                                                      "usr/lib/NetworkManager/system-connections"};
    Rivals rivals;
    if (!starts_at_boot(search.root, "NetworkManager.service")) {
        rivals.doubts.emplace_back("NetworkManager is not started at boot: systemctl enable NetworkManager");
    }
    for (const std::string_view folder : folders) {
        const auto names = search.root.names(std::string{folder});
        if (!names || !*names) {
            continue;
        }
        for (const std::string& name : **names) {
            const auto path = fmt::format("{}/{}", folder, name);
            const auto file = read_ini(text_or_nothing(search.root, path));
            const auto link = value_in(file, "connection", "interface-name");
            const auto priority = value_in(file, "connection", "autoconnect-priority");
            const bool strong = !priority.empty() && std::atoi(priority.c_str()) >= our_priority;
            if (!is_ours(search, path) && strong && search.profile.find(LinkName::from_kernel(link)) != nullptr) {
                rivals.doubts.push_back(
                    fmt::format("/{} is for {} too, with autoconnect-priority={}", path, link, priority));
            }
        }
    }
    return rivals;
}

Rivals find_rivals(Manager manager, const RivalSearch& search)
{
    switch (manager) {
        case Manager::networkd: return networkd_rivals(search);
        case Manager::netplan: return netplan_rivals(search);
        case Manager::network_manager: return keyfile_rivals(search);
        case Manager::ifupdown:
        case Manager::ifupdown2: return interfaces_rivals(manager, search);
        case Manager::wicked:
        case Manager::ifcfg: return sysconfig_rivals(manager, search);
        case Manager::none: break;
    }
    Rivals rivals;
    if (!search.root.exists("usr/lib/systemd/systemd") && !search.root.exists("lib/systemd/systemd")) {
        rivals.doubts.emplace_back("there is no systemd to run the unit at boot");
    }
    return rivals;
}

}  // namespace kvmkit::net
