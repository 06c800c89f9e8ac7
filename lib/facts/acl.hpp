// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// Whom a line of a POSIX access list is for.
enum class AclTag { owner, user, group_owner, group, mask, other };

/// One line of a POSIX access list (acl(5)).
struct AclEntry {
    AclTag tag = AclTag::other;
    unsigned permissions = 0;  ///< 4 read, 2 write, 1 execute.
    unsigned id = 0;           ///< Of a user or group line.

    bool operator==(const AclEntry&) const = default;
};

/// Reads the bytes of the attribute system.posix_acl_access, little-endian as the kernel gives them. Empty: they are no
/// access list.
std::vector<AclEntry> parse_acl(std::string_view bytes);

/// "user:1000:rw-", "mask::rw-": as getfacl -n prints it.
std::string to_text(const AclEntry& entry);

/// The inverse; absent: it is no such line.
std::optional<AclEntry> parse_acl_entry(std::string_view text);

}  // namespace kvmkit
