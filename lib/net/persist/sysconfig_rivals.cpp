// SPDX-License-Identifier: Apache-2.0
#include "base/text.hpp"
#include "net/persist/rivals.hpp"
#include "system/small_files.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// The link or the MAC that a file says it is about; empty: the link is in its name.
std::string told_in(std::string_view text, std::string_view key)
{
    for (const std::string_view line : lines(text)) {
        if (line.starts_with(key) && line.substr(key.size()).starts_with('=')) {
            auto value = std::string{trim(line.substr(key.size() + 1))};
            std::erase_if(value, [](char letter) { return letter == '"' || letter == '\''; });
            return value;
        }
    }
    return "";
}

bool is_about(const Link& link, const std::string& text)
{
    const auto mac = MacAddress::parse(told_in(text, "HWADDR"));
    return told_in(text, "DEVICE") == link.name.str() || (mac && link.mac && *mac == *link.mac && link.kind.empty());
}

/// Red Hat's scripts are a service of System V's kind.
bool scripts_start(const Root& root)
{
    return starts_at_boot(root, "network.service") || root.exists("etc/rc3.d/S10network") ||
           root.exists("etc/rc.d/rc3.d/S10network");
}

}  // namespace

Rivals sysconfig_rivals(Manager manager, const RivalSearch& search)
{
    Rivals rivals;
    const bool wicked = manager == Manager::wicked;
    if (wicked && !starts_at_boot(search.root, "wicked.service")) {
        rivals.doubts.emplace_back("wicked is not started at boot: systemctl enable wicked");
    }
    if (!wicked && !scripts_start(search.root)) {
        rivals.doubts.emplace_back("the network scripts are not started at boot: systemctl enable network");
    }
    const std::string folder = wicked ? "etc/sysconfig/network" : "etc/sysconfig/network-scripts";
    const auto names = search.root.names(folder);
    for (const std::string& name : names&&* names ? **names : std::vector<std::string>{}) {
        const auto path = fmt::format("{}/{}", folder, name);
        if (!name.starts_with("ifcfg-") || std::ranges::find(search.ours, path, &KeptFile::path) != search.ours.end()) {
            continue;
        }
        const auto text = text_or_nothing(search.root, path);
        for (const KeptLink& kept : search.profile.links) {
            const Link* link = find(search.network, kept.name);
            if (link != nullptr && is_about(*link, text)) {
                rivals.doubts.push_back(fmt::format("/{} is for {} too", path, kept.name.str()));
            }
        }
    }
    return rivals;
}

}  // namespace kvmkit::net
