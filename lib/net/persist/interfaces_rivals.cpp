// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "net/owner/interfaces_file.hpp"
#include "net/persist/rivals.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::net {
namespace {

constexpr std::string_view marker = "#net-setup# ";
const std::string main_file = "etc/network/interfaces";

bool is_kept(const Profile& profile, const std::string& name)
{
    return profile.find(LinkName::from_kernel(name)) != nullptr;
}

/// What is left of "auto eth0 eth1" without the profile's links.
std::string rest_of(const InterfacesStanza& stanza, const Profile& profile)
{
    std::vector<std::string> left;
    for (const std::string& word : stanza.words) {
        if (!is_kept(profile, word)) {
            left.push_back(word);
        }
    }
    return left.size() > 1 ? fmt::format("{}\n", fmt::join(left, " ")) : std::string{};
}

bool speaks_of_us(const InterfacesStanza& stanza, const Profile& profile)
{
    if (stanza.words[0] == "iface") {
        return stanza.words.size() > 1 && is_kept(profile, stanza.words[1]);
    }
    return std::ranges::any_of(profile.links,
                               [&stanza](const KeptLink& link) { return stanza.starts(link.name.str()); });
}

/// The file with what it says of the profile's links behind a marker, where people find it again.
std::string commented_out(const InterfacesFile& file, const Profile& profile)
{
    std::string text;
    const auto all = lines(file.text);
    std::size_t next = 0;
    for (const InterfacesStanza& stanza : file.stanzas) {
        for (; next < stanza.first_line; ++next) {
            text += fmt::format("{}\n", all[next]);
        }
        const bool out = speaks_of_us(stanza, profile);
        for (; next < stanza.end_line; ++next) {
            const bool mark = out && !trim(all[next]).starts_with('#') && !trim(all[next]).empty();
            text += fmt::format("{}{}\n", mark ? marker : std::string_view{}, all[next]);
        }
        if (out && stanza.words[0] != "iface") {
            text += rest_of(stanza, profile);
        }
    }
    for (; next < all.size(); ++next) {
        text += fmt::format("{}\n", all[next]);
    }
    return text;
}

mode_t mode_of(const Root& root, const std::string& path)
{
    constexpr mode_t mode_bits = 07777;
    const auto status = root.status(path);
    return status && *status ? (*status)->st_mode & mode_bits : 0644;
}

void add_missing_programs(Manager flavour, const RivalSearch& search, Rivals& rivals)
{
    const auto has_kind = [&search](std::string_view kind) {
        return std::ranges::find(search.profile.links, kind, &KeptLink::kind) != search.profile.links.end();
    };
    const auto has = [&search](const std::string& program) {
        return search.root.exists("usr/sbin/" + program) || search.root.exists("sbin/" + program);
    };
    if (flavour == Manager::ifupdown && has_kind("bridge") && !has("brctl")) {
        rivals.doubts.emplace_back("ifupdown makes bridges by brctl, which is not there: apt-get install bridge-utils");
    }
    if (flavour == Manager::ifupdown && has_kind("bond") && !has("ifenslave")) {
        rivals.doubts.emplace_back("ifupdown makes bonds by ifenslave, which is not there: apt-get install ifenslave");
    }
    const bool started = starts_at_boot(search.root, "networking.service") ||
                         search.root.exists("etc/rcS.d/S12networking") || search.root.exists("etc/rcS.d/S10networking");
    if (!started) {
        rivals.doubts.emplace_back("ifupdown is not started at boot: systemctl enable networking");
    }
}

}  // namespace

Rivals interfaces_rivals(Manager flavour, const RivalSearch& search)
{
    Rivals rivals;
    add_missing_programs(flavour, search, rivals);
    const auto files = interfaces_files(search.root);
    const std::string ours = search.ours.empty() ? std::string{} : search.ours.front().path;
    const bool read = is_sourced(files, ours);
    bool main_seen = false;
    for (const InterfacesFile& file : files) {
        if (file.path == ours) {
            continue;
        }
        auto text = commented_out(file, search.profile);
        if (file.path == main_file) {
            main_seen = true;
            text += read ? "" : "source /etc/network/interfaces.d/*\n";
        }
        if (text != file.text && lines(text) != lines(file.text)) {
            rivals.edits.push_back({file.path, FileImage{std::move(text), mode_of(search.root, file.path)}});
        }
    }
    if (!main_seen) {
        rivals.edits.push_back(
            {main_file, FileImage{"auto lo\niface lo inet loopback\nsource /etc/network/interfaces.d/*\n", 0644}});
    }
    return rivals;
}

}  // namespace kvmkit::net
