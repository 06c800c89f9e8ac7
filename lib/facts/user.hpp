// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace kvmkit {

/// Who runs us.
struct UserFacts {
    std::string name;  ///< From etc/passwd, or the number where it is not in there.
    unsigned uid = 0;
    std::set<unsigned> gids;  ///< Of this process, which is not what etc/group says after a change without a new login.
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

/// One value of the text of etc/os-release, unquoted; empty if it is not in there.
std::string os_release_value(std::string_view os_release, std::string_view key);

}  // namespace kvmkit
