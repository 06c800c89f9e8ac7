// SPDX-License-Identifier: Apache-2.0
#include "setup/catalogue.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// The releases that have a package: first and last, each times 100; 0 is open, and `never` none.
struct Span {
    unsigned first = 0;
    unsigned last = 0;
};

[[nodiscard]] bool holds(Span span, unsigned release)
{
    return release >= span.first && (span.last == 0 || release <= span.last);
}

struct Row {
    std::string_view capability;
    std::string_view title;
    std::string_view package;
    std::string_view alternative = {};
    Span debian = {};
    Span ubuntu = {};
};

/// Names read from the archives of Debian 11 to 13 and Ubuntu 18.04 to 25.10. "qemu-kvm" is not among them: it is only
/// a virtual name since bullseye and jammy, which dpkg never calls installed.
constexpr std::array rows{
    Row{"qemu-img", "disk image tools", "qemu-utils"},
    Row{"libvirt", "libvirt daemon", "libvirt-daemon-system"},
    Row{"libvirt-clients", "libvirt's command line (virsh)", "libvirt-clients"},
    // Without recommended packages, libvirt comes without the DHCP server of its default network (seen on noble).
    Row{"default-network", "libvirt's default network", "dnsmasq-base", "dnsmasq-base-lua"},
    Row{"default-network", "libvirt's default network", "iptables"},
    Row{"default-network", "libvirt's default network", "libvirt-daemon-config-network", "", {1100, 0}, {2204, 0}},
    Row{"bridge", "bridge tools", "iproute2"},
    Row{"bridge", "bridge tools", "bridge-utils"},
    Row{"vlan", "VLAN tools", "vlan"},
};

struct Emulator {
    std::string_view architecture;
    std::string_view package;
};

constexpr std::array emulators{
    Emulator{"amd64", "qemu-system-x86"},
    Emulator{"i386", "qemu-system-x86"},
    Emulator{"arm64", "qemu-system-arm"},
    Emulator{"armhf", "qemu-system-arm"},
    Emulator{"ppc64el", "qemu-system-ppc"},
};

}  // namespace

Result<std::vector<Need>> needs_of(const Distribution& distribution, std::string_view architecture)
{
    const auto* emulator = std::ranges::find(emulators, architecture, &Emulator::architecture);
    if (emulator == emulators.end()) {
        return Error{ErrorCode::refused,
                     fmt::format("cannot set up host '{}': no package of QEMU is known for architecture '{}'",
                                 distribution.name,
                                 architecture),
                     "supported so far: amd64, i386, arm64, armhf, ppc64el"};
    }
    std::vector<Need> needs{{"qemu", "QEMU system emulator", std::string{emulator->package}}};
    for (const Row& row : rows) {
        if (!holds(distribution.family == Family::debian ? row.debian : row.ubuntu, distribution.release)) {
            continue;
        }
        Need need{std::string{row.capability}, std::string{row.title}, std::string{row.package}};
        if (!row.alternative.empty()) {
            need.alternatives.emplace_back(row.alternative);
        }
        needs.push_back(std::move(need));
    }
    return needs;
}

Need module_loader_need()
{
    return {"modules", "kernel module loader", "kmod"};
}

}  // namespace kvmkit::setup
