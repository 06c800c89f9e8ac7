// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace kvmkit {

/// How it was found out whether the user may open /dev/kvm.
enum class AccessWitness {
    opened,        ///< By opening it, as this very process.
    opened_as,     ///< By a child that became the user and opened it.
    read_of_mode,  ///< By the node's mode, owner and access list: nobody opened it as this user.
};

/// Whose access is judged: who runs us, or who was named.
struct UserFacts {
    std::string name;  ///< From etc/passwd, or the number where it is not in there.
    unsigned uid = 0;
    std::set<unsigned> gids;  ///< Of this process, which is not what etc/group says after a change without a new login.
    AccessWitness witness = AccessWitness::opened;
};

/// One line of etc/group.
struct GroupFacts {
    unsigned gid = 0;
    std::set<std::string> members;  ///< Those who are named; a user's primary group does not show here.
};

/// The line of one group in the text of etc/group; absent if it has none.
std::optional<GroupFacts> find_group(std::string_view group_file, std::string_view name);

/// The user's name in the text of etc/passwd; the number as text if it is not in there.
std::string user_name(std::string_view passwd_file, unsigned uid);

/// A user as a new login would have it: the line of the text of etc/passwd, and every group that the text of etc/group
/// puts them in. Absent if etc/passwd has no such line: users of a directory service are not in there.
std::optional<UserFacts> find_user(std::string_view passwd_file, std::string_view group_file, std::string_view name);

/// One value of the text of etc/os-release, unquoted; empty if it is not in there.
std::string os_release_value(std::string_view os_release, std::string_view key);

}  // namespace kvmkit
