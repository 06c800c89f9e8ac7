// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/host_facts.hpp"
#include "system/file_tree.hpp"
#include "system/root.hpp"

#include <array>
#include <string>
#include <string_view>

namespace kvmkit {

/// Files that the checks of libvirt and the network read, and that name nobody.
inline constexpr std::array software_files{
    "proc/sys/net/bridge/bridge-nf-call-iptables",
    "proc/sys/net/bridge/bridge-nf-call-ip6tables",
    "sys/module/apparmor/parameters/enabled",
    "sys/fs/selinux/enforce",
    "sys/fs/selinux/booleans/virt_use_nfs",
    "sys/fs/selinux/booleans/virt_use_samba",
    "sys/fs/selinux/booleans/virt_use_fusefs",
    "etc/nsswitch.conf",
};

/// Adds the files and folders of which only the presence tells, as empty ones: programs, units, what boot starts.
void add_software(const Root& root, const HostFacts& host, FileTree& files);

/// The lines of etc/group that concern KVM, libvirt and whoever is judged.
std::string kept_groups(std::string_view group, const HostFacts& host);

/// The lines of etc/passwd of whoever is judged and of libvirt's QEMU, without names and homes.
std::string kept_accounts(std::string_view passwd, const HostFacts& host);

/// The settings of qemu.conf that are looked at, without comments.
std::string kept_settings(std::string_view qemu_conf);

}  // namespace kvmkit
