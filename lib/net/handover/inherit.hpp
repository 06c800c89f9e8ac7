// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kvmkit::net {

/// Gives a link those of another one's settings in /proc/sys/net that decide what comes in and how the kernel answers:
/// reverse path filter, ARP, forwarding, router advertisements. Only those that differ, and those that can be written.
void inherit_settings(const std::string& from, const std::string& to);

}  // namespace kvmkit::net
