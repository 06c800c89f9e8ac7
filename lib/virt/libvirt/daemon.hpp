// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

namespace kvmkit::virt {

/// Whether a connection to this address starts no daemon: the address is the test driver's or names its socket, or the
/// daemon of this host runs by the lock on its pid file. False for addresses of other hosts.
bool answers_unstarted(const std::string& uri);

/// The VMs that a daemon which does not run would know, by the names of its files; none that this user may not read.
std::vector<std::string> names_in_files(const std::string& uri);

}  // namespace kvmkit::virt
