// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/user.hpp"
#include "setup/step.hpp"
#include "system/root.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// A group that lets its members use KVM or libvirt.
struct UsefulGroup {
    std::string name;                              ///< "kvm", "libvirt"
    bool there = false;                            ///< etc/group has it.
    bool inside = false;                           ///< The user is in it, by name or as primary group.
    std::vector<std::string> stale_sessions = {};  ///< Processes of the user that are not in it: "pid 812 (bash)".
};

/// Who is to use KVM and libvirt without being root, and how that stands.
struct UserState {
    std::string name;    ///< Empty: nobody.
    bool known = false;  ///< etc/passwd has the user.
    std::vector<UsefulGroup> groups = {};
};

/// Looks at a user. Needs no privilege and changes nothing.
UserState observe_user(const Root& root, const std::string& name);

/// What puts a user into the groups. `comes`: packages that are about to be installed make groups that are missing.
struct GroupPlan {
    std::vector<Step> steps;
    std::vector<std::string> notes;
    bool relogin = false;  ///< The user has sessions that do not have all groups, or that will not.
};

/// Pure. A user who is not in etc/passwd is noted.
GroupPlan plan_groups(const UserState& user, bool comes);

}  // namespace kvmkit::setup
