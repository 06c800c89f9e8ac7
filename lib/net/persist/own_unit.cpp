// SPDX-License-Identifier: Apache-2.0
#include "net/persist/words.hpp"
#include "net/persist/writers.hpp"

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

/// A link's name in the name of systemd's device unit, where '-' means '/'.
std::string device_unit(const std::string& link)
{
    std::string escaped;
    for (const char letter : link) {
        const bool plain = (std::isalnum(static_cast<unsigned char>(letter)) != 0) || letter == '_' || letter == '.';
        escaped += plain ? std::string{letter} : fmt::format("\\x{:02x}", static_cast<unsigned char>(letter));
    }
    return "sys-subsystem-net-devices-" + escaped + ".device";
}

std::string cards(const Profile& profile)
{
    std::string units;
    for (const KeptLink& link : profile.links) {
        if (link.kind.empty()) {
            units += ' ' + device_unit(link.name.str());
        }
    }
    return units;
}

}  // namespace

Result<KeptFiles> write_own(const Profile& profile, const std::string& state, const std::string& program)
{
    for (const KeptLink& link : profile.links) {
        if (link.dhcp4 || link.dhcp6) {
            return Error{
                ErrorCode::unsupported,
                fmt::format("cannot keep link '{}': nobody would ask for its DHCP lease at boot", link.name.str()),
                "--manager names one that does, if it is installed: networkd, nm, ifupdown"};
        }
    }
    const auto state_file = fmt::format("etc/kvmkit/net-setup/{}.yml", profile.name);
    const auto unit = fmt::format("net-setup-apply-{}.service", profile.name);
    const auto wanted = cards(profile);
    const auto text = fmt::format(
        "{}[Unit]\n"
        "Description=Network of {}, as net-setup kept it\n"
        "Documentation=man:net-setup(1)\n"
        "DefaultDependencies=no\n"
        "Wants=network-pre.target{}\n"
        "After=local-fs.target systemd-udevd.service systemd-modules-load.service systemd-sysctl.service{}\n"
        "Before=network-pre.target network.target shutdown.target\n"
        "Conflicts=shutdown.target\n\n"
        "[Service]\n"
        "Type=oneshot\n"
        "RemainAfterExit=yes\n"
        "ExecStart={} apply --allow all /{}\n\n"
        "[Install]\n"
        "WantedBy=multi-user.target\n",
        head_line(profile),
        profile.name,
        wanted,
        wanted,
        program,
        state_file);
    return KeptFiles{{state_file, head_line(profile) + state},
                     {"etc/systemd/system/" + unit, text},
                     {"etc/systemd/system/multi-user.target.wants/" + unit, "/etc/systemd/system/" + unit, 0777, true}};
}

}  // namespace kvmkit::net
