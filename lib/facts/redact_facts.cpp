// SPDX-License-Identifier: Apache-2.0
#include "facts/redact.hpp"

#include "base/number.hpp"
#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace kvmkit {
namespace {

/// libvirt's own default is no secret; other ranges become ones that are kept for measurements (RFC 2544), and still
/// clash.
void hide_ranges(DefaultNetwork& network)
{
    constexpr Ipv4Range shipped{0xc0a87a00, 24};    // 192.168.122.0
    constexpr std::uint32_t harmless = 0xc6120000;  // 198.18.0.0
    const auto base = network.range == shipped ? shipped.address : harmless;
    network.range = range_around(base, network.range.prefix);
    if (network.clash) {
        network.clash->range = range_around(base, network.clash->range.prefix);
    }
}

/// A process may be called as its VM is; what the programs that run VMs are called names nobody.
bool names_a_program(std::string_view command)
{
    constexpr std::array programs{"qemu", "kvm", "firecracker", "cloud-hyper", "crosvm", "lkvm", "vmm", "libvirt"};
    return std::ranges::any_of(programs, [command](const char* program) { return command.starts_with(program); });
}

}  // namespace

std::vector<std::string> people_of(std::string_view passwd_file)
{
    constexpr unsigned first = 1000;
    constexpr unsigned nobody = 65534;
    std::vector<std::string> names;
    for (const auto line : lines(passwd_file)) {
        const auto fields = split(line, ':');
        const auto uid = fields.size() > 2 ? decimal<unsigned>(fields[2]) : std::nullopt;
        if (uid && *uid >= first && *uid != nobody) {
            names.emplace_back(fields[0]);
        }
    }
    return names;
}

std::vector<std::string> Redactor::accounts_of_libvirt(const HostFacts& host)
{
    std::vector<std::string> names;
    if (host.libvirt.qemu && *host.libvirt.qemu) {
        names.push_back((*host.libvirt.qemu)->name);
    }
    if (host.libvirt.conf && *host.libvirt.conf) {
        for (const auto& name : {(*host.libvirt.conf)->user, (*host.libvirt.conf)->group}) {
            const bool number = name.find_first_not_of("+0123456789") == std::string::npos;
            if (!number) {
                names.push_back(name);
            }
        }
    }
    return names;
}

void Redactor::facts(HostFacts& host) const
{
    if (host.user && *host.user) {
        (*host.user)->name = user((*host.user)->name);
    }
    if (host.kernel_log && *host.kernel_log) {
        for (auto& line : **host.kernel_log) {
            line = text(line);
        }
    }
    if (host.kvm.udev && *host.kvm.udev) {
        (*host.kvm.udev)->group = text((*host.kvm.udev)->group);
    }
    if (host.conflicts.kvm_users && *host.conflicts.kvm_users) {
        for (KvmUser& user : (*host.conflicts.kvm_users)->users) {
            user.command = names_a_program(user.command) ? user.command : "REDACTED";
        }
    }
    if (host.resources.device_lists && *host.resources.device_lists) {
        for (DeviceList& list : **host.resources.device_lists) {
            list.group = text(list.group);
        }
    }
    if (host.libvirt.default_network && *host.libvirt.default_network) {
        DefaultNetwork& network = **host.libvirt.default_network;
        hide_ranges(network);
        network.bridge = text(network.bridge);
        if (network.clash) {
            network.clash->device = text(network.clash->device);
        }
    }
    if (host.libvirt.answers && *host.libvirt.answers) {
        LibvirtAnswers& answers = **host.libvirt.answers;
        answers.problem = text(answers.problem);
        for (LibvirtDomainType& type : answers.types) {
            type.problem = text(type.problem);
        }
    }
    if (host.libvirt.noted && *host.libvirt.noted) {
        for (NotedEmulator& one : **host.libvirt.noted) {
            one.emulator = text(one.emulator);
        }
    }
}

}  // namespace kvmkit
