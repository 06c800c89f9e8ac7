// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/host.hpp"
#include "setup/plan.hpp"
#include "system/runner.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// What using /dev/kvm showed; setup/ itself does not open it.
struct KvmTrial {
    std::string problem = {};  ///< "cannot open /dev/kvm: Permission denied (EACCES)"; empty: guest code ran.
    std::string evidence = {};
};

/// Whether a promise of apply's holds.
enum class Proof {
    holds,
    fails,
    untold,  ///< It could not be tried here, or not by this user.
};

/// "holds", "fails", "untold".
std::string_view word(Proof proof) noexcept;

/// One promise, tried.
struct Finding {
    Component component = Component::hypervisor;
    std::string id;  ///< "packages", "device", "capabilities": stable, stands in records.
    Proof proof = Proof::holds;
    std::string evidence;   ///< What was seen.
    std::string hint = {};  ///< What mends it; empty where it holds.
};

/// What is tried, beside the host as it was looked at.
struct VerifyRequest {
    Components components;
    NetworkWish network = {};
    KvmTrial kvm = {};
    bool privileged = true;  ///< We are root: libvirt is opened to be managed, else to be read.
};

/// Tries by use what the components promise: runs the emulator, opens qemu:///system and reads capabilities from it,
/// asks libvirt and the kernel for the network. Changes nothing, but systemd may start libvirt for the question.
std::vector<Finding> verify(const Host& host, Runner& runner, const VerifyRequest& request);

}  // namespace kvmkit::setup
