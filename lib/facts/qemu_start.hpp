// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace kvmkit {

/// What came of starting QEMU itself, paused: it made its vCPU and ran nothing.
struct QemuStart {
    std::string command;  ///< As a shell would take it.
    bool started = false;
    std::string told = {};  ///< QEMU's last line on standard error; empty if it started.
};

}  // namespace kvmkit
