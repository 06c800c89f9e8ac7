// SPDX-License-Identifier: Apache-2.0
#include "check/catalogue.hpp"
#include "check/libvirt_daemon.hpp"
#include "facts/version.hpp"

#include <fmt/format.h>

namespace kvmkit {
namespace {

/// What nova's libvirt driver refuses to start below: nova's support matrix announces them as the next ones since
/// Wallaby.
constexpr Version least_libvirt{7, 0, 0};
constexpr Version least_qemu{5, 2, 0};

Verdict judge_least(std::string_view program, const Fact<std::string>& fact, const Version& least)
{
    const auto version = fact ? parse_version(fact->value_or("")) : std::nullopt;
    if (!version) {
        return skip(fmt::format("it is not known which version of {} is installed", program));
    }
    const auto wanted = fmt::format("{}.{}.{}", least[0], least[1], least[2]);
    if (*version < least) {
        return warn(
            fmt::format(
                "{} {} is installed, and nova-compute does not start with less than {}", program, **fact, wanted),
            Remedy{"move to a release of the distribution that has it, or use an older OpenStack"});
    }
    return pass(fmt::format("{} {} is installed; nova asks for {}", program, **fact, wanted));
}

Verdict judge_libvirt_version(const HostFacts& host)
{
    return host.libvirt.installed() ? judge_least("libvirt", host.libvirt.version, least_libvirt)
                                    : not_installed(host.libvirt);
}

Verdict judge_qemu_version(const HostFacts& host)
{
    const bool installed = host.qemu.binary && *host.qemu.binary;
    if (!installed) {
        return host.qemu.looked ? unneeded("QEMU is not installed", {"install QEMU", {"host-setup apply"}})
                                : skip("not recorded: /usr/bin");
    }
    return judge_least("QEMU", host.qemu.version, least_qemu);
}

constexpr std::array checks{
    Check{"openstack.libvirt_version", "libvirt is new enough for nova", Severity::advisory, {}, judge_libvirt_version},
    Check{"openstack.qemu_version",
          "QEMU is new enough for nova",
          Severity::advisory,
          {"qemu.binary"},
          judge_qemu_version},
};

}  // namespace

std::span<const Check> openstack_checks()
{
    return checks;
}

}  // namespace kvmkit
