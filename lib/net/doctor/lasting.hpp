// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/doctor/facts.hpp"
#include "system/root.hpp"

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

namespace kvmkit::net {

/// The bridges, VLANs and bonds that are gone with the next boot: no manager claims them, and net-setup wrote no files
/// for them. Without those on which another one of them stands, for they are kept with it, and those that only lead to
/// VMs and containers, whose programs make them.
std::vector<LinkName> links_until_boot(const Network& network, const std::vector<Ownership>& owners, const Root& root);

/// "net-setup persist br0": keeps a link as it is then, with what it stands on.
std::string keep_link(const std::string& link);

/// Writes the file by which a setting below /proc/sys is made at each boot, and that of a link when it appears: read
/// after those of others, by its own name. The path as sysctl_command() takes it; `about` is a part of
/// the file's name.
std::string keep_sysctl(const std::string& about, const std::string& path, unsigned value);

/// Writes the file by which udev runs a program, named by its full path, when a link of that name appears. Nothing
/// where the name holds letters that mean something else there.
std::vector<std::string> keep_by_udev(const std::string& about,
                                      const std::string& link,
                                      std::initializer_list<std::string> argv);

/// Writes the file by which udev makes the settings of bridges again as soon as br_netfilter is loaded, which happens
/// later than those of a boot are made. `systemd_sysctl`: see DoctorFacts.
std::string keep_bridge_settings(const std::string& systemd_sysctl);

}  // namespace kvmkit::net
