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

std::string start_line(const Distribution& distribution)
{
    if (distribution.family == Family::alpine) {
        return "rc-update add libvirtd && rc-service libvirtd start";
    }
    if (has_upstart(distribution)) {
        return fmt::format("service {} start", unit_of(distribution));
    }
    return fmt::format("systemctl enable --now {}", unit_of(distribution));
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
    if (components.contains(Component::services)) {
        found.push_back(fmt::format("by hand: {}", start_line(distribution)));
    }
    if (components.contains(Component::network)) {
        found.emplace_back(
            "by hand: virsh net-autostart default && virsh net-start default, unless 192.168.122.0/24 is in use");
    }
    if (components.contains(Component::groups) && !host.user.name.empty()) {
        found.push_back(fmt::format("by hand: {}", member_line(distribution, host.user.name)));
    }
    return found;
}

}  // namespace kvmkit::setup
