// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/kvm_device.hpp"
#include "setup/nested.hpp"
#include "setup/service.hpp"
#include "setup/step.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// What is wrong, by the ids of kvm-check's checks, and for whom.
struct Complaint {
    std::vector<std::string> checks;  ///< In the order in which they are to be mended.
    std::string user = {};            ///< Whose access was judged; empty or "root": nobody has to join a group.
    std::string qemu_account = {};    ///< Who runs libvirt's QEMU; empty: not known.
};

/// What of a host decides how a complaint is mended.
struct Ailing {
    KvmModule module = {};
    NestedState nested = {};
    KvmDevice device = {};
    bool has_tun = false;  ///< The kernel brings the module tun, and has not loaded it; or vhost_net.
    bool has_vhost_net = false;
    std::set<std::string> kvm_members = {};  ///< Of group kvm.
    ServiceState service = {};
};

/// What mends it.
struct Mending {
    std::vector<Step> steps;
    std::vector<std::string> mends;    ///< Checks that pass once the steps are made.
    std::vector<std::string> later;    ///< Checks that the steps mend, which shows only after a login or a reload.
    std::vector<std::string> by_hand;  ///< Checks that no step of ours mends.
    std::vector<std::string> notes;    ///< What remains to be done for what shows later.
};

/// Whether there are steps for a check at all.
bool can_mend(std::string_view check) noexcept;

/// Looks at a host. Needs no privilege and changes nothing.
Ailing observe_ailing(const Root& root, Runner& runner);

/// Plans the steps for each complaint, none twice. Pure.
Mending plan_mending(const Ailing& host, const Complaint& complaint);

}  // namespace kvmkit::setup
