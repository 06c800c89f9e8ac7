// SPDX-License-Identifier: Apache-2.0
#include "net/owner/netplan_files.hpp"
#include "net/persist/rivals.hpp"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// Lists and maps of several files add up, so a later file cannot take back what they hold; scalars it can.
bool adds_up(const NetplanStanza& stanza)
{
    constexpr std::array<std::string_view, 8> keys{
        "addresses", "routes", "routing-policy", "nameservers", "gateway4", "gateway6", "interfaces", "parameters"};
    return std::ranges::any_of(keys, [&stanza](std::string_view key) { return find(stanza.node, key) != nullptr; });
}

/// What one file of somebody else says.
struct Contents {
    bool about_us = false;
    bool about_others = false;
    bool contradicts = false;  ///< In a way that ours cannot overrule.
    bool other_id = false;     ///< It knows a link of ours by another name: netplan would see two.
};

const KeptLink* subject_of(const NetplanStanza& stanza, const RivalSearch& search)
{
    for (const KeptLink& kept : search.profile.links) {
        const Link* link = find(search.network, kept.name);
        if (link != nullptr && stanza.is_about(*link)) {
            return &kept;
        }
    }
    return nullptr;
}

std::map<std::string, Contents> contents_of(const NetplanFiles& files, const RivalSearch& search)
{
    std::map<std::string, Contents> all;
    for (const NetplanStanza& stanza : files.stanzas) {
        Contents& file = all[stanza.file];
        const KeptLink* kept = subject_of(stanza, search);
        if (kept == nullptr) {
            file.about_others = true;
            continue;
        }
        file.about_us = true;
        file.other_id = file.other_id || stanza.id != kept->name.str();
        file.contradicts = file.contradicts || adds_up(stanza);
    }
    return all;
}

}  // namespace

Rivals netplan_rivals(const RivalSearch& search)
{
    Rivals rivals;
    if (!search.root.exists("usr/sbin/netplan")) {
        rivals.doubts.emplace_back("netplan is not installed: apt-get install netplan.io");
    }
    const auto files = netplan_files(search.root);
    for (const std::string& path : files.unreadable) {
        rivals.doubts.push_back(fmt::format("/{} cannot be read, so netplan makes nothing of the others either", path));
    }
    for (const auto& [path, contents] : contents_of(files, search)) {
        const bool ours = std::ranges::find(search.ours, path, &KeptFile::path) != search.ours.end();
        if (ours || !contents.about_us || (!contents.contradicts && !contents.other_id)) {
            continue;
        }
        if (contents.about_others || !path.starts_with("etc/")) {
            rivals.doubts.push_back(
                fmt::format("/{} gives the same links settings that netplan adds to ours: take them out of it", path));
            continue;
        }
        const auto text = search.root.read(path);
        const auto status = search.root.status(path);
        if (!text || !*text || !status || !*status) {
            rivals.doubts.push_back(fmt::format("/{} cannot be read", path));
            continue;
        }
        constexpr mode_t mode_bits = 07777;
        rivals.edits.push_back({path + ".net-setup-old", FileImage{**text, (*status)->st_mode & mode_bits}});
        rivals.edits.push_back({path, std::nullopt});
    }
    return rivals;
}

}  // namespace kvmkit::net
