// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "cli/tool.hpp"
#include "virt/spec/nic.hpp"

#include <vector>

namespace kvmkit::vm_run {

/// --net and --net-start.
void declare_network(cli::po::options_description_easy_init& add);

/// Without --net: one card behind QEMU's NAT. ErrorCode::usage for words that say no network, for one MAC given twice,
/// and for "none" beside another one.
Result<std::vector<virt::Nic>> read_network(const cli::Arguments& arguments);

/// Whether somebody did; else the host decides, and read_network() answers with QEMU's own NAT.
bool names_networks(const cli::Arguments& arguments);

/// Reads "bridge=br0,vlan=10,mac=52:54:00:00:00:01,ip=192.0.2.5/24,gw=192.0.2.1,dns=192.0.2.53".
Result<virt::Nic> parse_nic(const std::string& text);

}  // namespace kvmkit::vm_run
