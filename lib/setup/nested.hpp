// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/kvm_device.hpp"
#include "setup/step.hpp"
#include "system/root.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// A setting of the module's option "nested", and where it stands.
struct NestedSetting {
    std::string where;  ///< "/etc/modprobe.d/kvm.conf", "the kernel's command line"
    bool on = false;
    bool beats_ours = false;  ///< It is read after kvmkit-nested.conf.
};

/// What decides, beside the module itself, whether guests may run guests.
struct NestedState {
    bool built_in = false;                           ///< The module is a part of the kernel: it cannot be loaded anew.
    bool busy = false;                               ///< Somebody uses it, such as a VM.
    bool container = false;                          ///< The kernel is another system's to change.
    bool on = false;                                 ///< Of the module that is loaded.
    std::optional<NestedSetting> at_next_load = {};  ///< The setting that wins once it is loaded; absent: the default.
    std::string boot_loader = {};                    ///< What changes the kernel's command line here: "update-grub".
};

/// Looks at a host. Needs no privilege and changes nothing.
NestedState observe_nested(const Root& root, const KvmModule& module);

/// How the option is switched on. Neither steps nor `reboot` nor notes: it is on, and stays so.
struct NestedPlan {
    std::vector<Step> steps;
    std::string reboot = {};  ///< Why it holds only after a reboot, or once the module is loaded anew; empty: at once.
    std::vector<std::string> notes = {};
};

/// Pure. ErrorCode::refused: a setting of somebody else's would win over ours.
Result<NestedPlan> plan_nested(const KvmModule& module, const NestedState& nested, const KvmDevice& device);

/// The setting of a module's option that wins by the files of modprobe.d alone, as those of an image; absent: none.
std::optional<NestedSetting> nested_setting_in_files(const Root& root, const std::string& module);

/// Refused: a setting that wins over ours switches the option off.
Error nested_is_off(const std::string& module, const NestedSetting& winner);

/// Ours: "/etc/modprobe.d/kvmkit-nested.conf" with the option on.
SetFile nested_option(const std::string& module);

}  // namespace kvmkit::setup
