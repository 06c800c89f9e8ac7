// SPDX-License-Identifier: Apache-2.0
#include "setup/manual.hpp"

#include "setup/installer.hpp"

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

bool has_upstart(const Distribution& distribution)
{
    return distribution.family == Family::ubuntu && distribution.release < 1504;
}

/// Ubuntu's name for it up to 16.04.
const char* unit_of(const Distribution& distribution)
{
    return distribution.family == Family::ubuntu && distribution.release < 1804 ? "libvirt-bin" : "libvirtd";
}

/// Empty: nothing is to be done. Of an image nothing is started, and what starts at boot is set in it alone.
std::string start_line(const Distribution& distribution, bool image)
{
    if (distribution.family == Family::alpine) {
        return image ? "rc-update add libvirtd" : "rc-update add libvirtd && rc-service libvirtd start";
    }
    if (has_upstart(distribution)) {
        return image ? std::string{} : fmt::format("service {} start", unit_of(distribution));
    }
    return fmt::format("systemctl enable {}{}", image ? "" : "--now ", unit_of(distribution));
}

std::string member_line(const Distribution& distribution, const std::string& user)
{
    if (distribution.family == Family::alpine) {
        return fmt::format("addgroup {} kvm && addgroup {} libvirt", user, user);
    }
    const bool old = distribution.family == Family::ubuntu && distribution.release < 1804;
    return fmt::format("usermod -aG kvm,{} {}", old ? "libvirtd" : "libvirt", user);
}

}  // namespace

std::vector<std::string> manual_lines(const Host& host, const Components& components, const std::vector<Need>& missing)
{
    const Distribution& distribution = host.distribution;
    if (distribution.tier != Tier::third) {
        return {};
    }
    std::vector<std::string> found{fmt::format(
        "{} is of the third tier: planned for only, by names of packages that nobody tried here; apply refuses",
        distribution.name)};
    if (!missing.empty()) {
        found.push_back(fmt::format("by hand: {} && {}",
                                    words_of(distribution.installer).update,
                                    by_hand(distribution, {.needs = missing, .remarks = {}})));
    }
    if (distribution.family == Family::alpine && !missing.empty()) {
        found.emplace_back(
            "by hand: these packages are of the repository community: enable it in /etc/apk/repositories");
    }
    // A recorded host or an image: what is typed here must not act on the machine that it is typed on.
    const bool image = !host.live;
    if (const auto line = start_line(distribution, image); components.contains(Component::services) && !line.empty()) {
        found.push_back(fmt::format("by hand: {}", line));
    }
    if (components.contains(Component::network)) {
        found.push_back(
            fmt::format("by hand{}: virsh net-autostart default && virsh net-start default, unless "
                        "192.168.122.0/24 is in use",
                        image ? ", once it is booted, on the host that it becomes" : ""));
    }
    if (components.contains(Component::groups) && !host.user.name.empty()) {
        found.push_back(fmt::format("by hand: {}", member_line(distribution, host.user.name)));
    }
    return found;
}

}  // namespace kvmkit::setup
