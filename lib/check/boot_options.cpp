// SPDX-License-Identifier: Apache-2.0
#include "check/boot_options.hpp"
#include "check/traits.hpp"

#include "base/shell.hpp"

#include <algorithm>
#include <array>
#include <string>

#include <fmt/format.h>

namespace kvmkit {
namespace {

enum class Bootloader {
    unknown,
    update_grub,
    proxmox,
    grubby,
    rpm_ostree,
    suse,
    transactional,
    arch,
    extlinux,
    kernelstub
};

template <std::size_t size>
bool one_of(std::string_view id, const std::array<std::string_view, size>& ids)
{
    return std::ranges::find(ids, id) != ids.end();
}

/// Whether the running kernel was started in a way that only some of a distribution's hosts have.
bool started_with(const HostFacts& host, std::string_view words)
{
    const auto& line = host.kernel_settings.command_line;
    return line && *line && (*line)->find(words) != std::string::npos;
}

/// Hosts whose system is read-only and replaced as a whole: MicroOS, Leap Micro, SLE Micro, Aeon, Kalpa.
bool is_transactional(std::string_view id)
{
    return id.find("micro") != std::string_view::npos || id.ends_with("aeon") || id.ends_with("kalpa");
}

Bootloader bootloader(const HostFacts& host)
{
    constexpr std::array<std::string_view, 6> debian{"debian", "ubuntu", "linuxmint", "devuan", "kali", "neon"};
    constexpr std::array<std::string_view, 8> redhat{
        "fedora", "rhel", "centos", "rocky", "almalinux", "ol", "amzn", "nobara"};
    constexpr std::array<std::string_view, 3> arch{"arch", "manjaro", "endeavouros"};
    const auto id = distribution_id(host);
    if (one_of(id, debian)) {
        return started_with(host, R"(initrd=\EFI\proxmox)") ? Bootloader::proxmox : Bootloader::update_grub;
    }
    if (one_of(id, redhat)) {
        return started_with(host, "ostree=") ? Bootloader::rpm_ostree : Bootloader::grubby;
    }
    if (id.starts_with("opensuse") || id.starts_with("suse") || id.starts_with("sle") || id == "sl-micro") {
        return is_transactional(id) ? Bootloader::transactional : Bootloader::suse;
    }
    if (id == "pop") {
        return Bootloader::kernelstub;
    }
    if (id == "alpine") {
        return Bootloader::extlinux;
    }
    return one_of(id, arch) ? Bootloader::arch : Bootloader::unknown;
}

std::string make_configuration(Bootloader loader)
{
    switch (loader) {
        case Bootloader::update_grub: return "update-grub";
        case Bootloader::proxmox: return "proxmox-boot-tool refresh";
        case Bootloader::suse: return "grub2-mkconfig -o /boot/grub2/grub.cfg";
        case Bootloader::transactional: return "transactional-update grub.cfg";
        case Bootloader::extlinux: return "update-extlinux";
        default: return "grub-mkconfig -o /boot/grub/grub.cfg";
    }
}

constexpr std::string_view settings = "/etc/default/grub";
constexpr std::string_view extlinux_settings = "/etc/update-extlinux.conf";
constexpr std::string_view proxmox_settings = "/etc/kernel/cmdline";

/// Where options are written, as a shell finds it. Debian's GRUB reads a folder, too, which need not be there.
std::string files_of(Bootloader loader)
{
    switch (loader) {
        case Bootloader::update_grub: return fmt::format("{} $(ls {}.d/*.cfg 2>/dev/null)", settings, settings);
        case Bootloader::proxmox: return std::string{proxmox_settings};
        case Bootloader::extlinux: return std::string{extlinux_settings};
        default: return std::string{settings};
    }
}

}  // namespace

Remedy add_boot_option(const HostFacts& host, std::string_view option)
{
    Remedy remedy{fmt::format("start the kernel with {}", option)};
    const Bootloader loader = bootloader(host);
    switch (loader) {
        case Bootloader::unknown: remedy.summary += ": add it in the settings of the boot loader"; return remedy;
        case Bootloader::grubby:
            remedy.commands = {fmt::format("grubby --update-kernel=ALL --args={}", option), "reboot"};
            return remedy;
        case Bootloader::rpm_ostree:
            remedy.commands = {fmt::format("rpm-ostree kargs --append-if-missing={}", option), "reboot"};
            return remedy;
        case Bootloader::kernelstub:
            remedy.commands = {fmt::format("kernelstub -a {}", option), "reboot"};
            return remedy;
        case Bootloader::proxmox:
            remedy.commands = {fmt::format("sed -i '1s/$/ {}/' {}", option, proxmox_settings)};
            break;
        case Bootloader::update_grub:
            remedy.commands = {"mkdir -p /etc/default/grub.d",
                               fmt::format("echo 'GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX {}\"' "
                                           ">/etc/default/grub.d/{}.cfg",
                                           option,
                                           option.substr(0, option.find('=')))};
            break;
        case Bootloader::extlinux:
            remedy.commands = {fmt::format("sed -i 's/^default_kernel_opts=\"/&{} /' {}", option, extlinux_settings)};
            break;
        default:
            remedy.commands = {fmt::format("sed -i 's/^GRUB_CMDLINE_LINUX_DEFAULT=\"/&{} /' {}", option, settings)};
    }
    remedy.commands.insert(remedy.commands.end(), {make_configuration(loader), "reboot"});
    return remedy;
}

Remedy remove_boot_option(const HostFacts& host, std::string_view option)
{
    Remedy remedy{fmt::format("start the kernel without {}", option)};
    // Of a word that a shell or sed would take for more than itself no command is made: it may be a stranger's.
    const Bootloader loader = is_plain_word(option) ? bootloader(host) : Bootloader::unknown;
    switch (loader) {
        case Bootloader::unknown: remedy.summary += ": take it out of the settings of the boot loader"; return remedy;
        case Bootloader::grubby:
            remedy.commands = {fmt::format("grubby --update-kernel=ALL --remove-args={}", option), "reboot"};
            return remedy;
        case Bootloader::rpm_ostree:
            remedy.commands = {fmt::format("rpm-ostree kargs --delete-if-present={}", option), "reboot"};
            return remedy;
        case Bootloader::kernelstub:
            remedy.commands = {fmt::format("kernelstub -d {}", option), "reboot"};
            return remedy;
        default:
            remedy.commands = {fmt::format("sed -i 's/\\b{}\\b//' {}", option, files_of(loader)),
                               make_configuration(loader),
                               "reboot"};
    }
    return remedy;
}

}  // namespace kvmkit
