// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"

#include <optional>
#include <string>

namespace kvmkit::net {

/// cloud-init is there and writes network settings: by itself for a new instance, and on some clouds at each boot.
struct CloudInit {
    std::string evidence;  ///< "/etc/netplan/50-cloud-init.yaml: written by cloud-init"
};

/// Absent: it is not installed, or is told to leave the network alone.
std::optional<CloudInit> cloud_init(const Root& root);

/// Keeps it from writing network settings.
constexpr const char* cloud_init_off =
    "echo 'network: {config: disabled}' > /etc/cloud/cloud.cfg.d/99-disable-network-config.cfg";

}  // namespace kvmkit::net
