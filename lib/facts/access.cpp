// SPDX-License-Identifier: Apache-2.0
#include "facts/access.hpp"

#include <algorithm>

namespace kvmkit {
namespace {

constexpr unsigned read_and_write = 06;
constexpr unsigned owner_shift = 6;
constexpr unsigned group_shift = 3;

bool grants(unsigned permissions)
{
    return (permissions & read_and_write) == read_and_write;
}

/// What the line with this tag says; `fallback` where there is none.
unsigned line(const DeviceNode& node, AclTag tag, unsigned fallback)
{
    const auto found = std::ranges::find(node.acl, tag, &AclEntry::tag);
    return found == node.acl.end() ? fallback : found->permissions;
}

/// One group that grants is enough; if any group fits at all, the others' line does not count.
bool by_groups(const DeviceNode& node, const UserFacts& user, unsigned mask)
{
    const unsigned others = line(node, AclTag::other, node.mode);
    bool any = user.gids.contains(node.gid);
    bool granted = any && grants(line(node, AclTag::group_owner, node.mode >> group_shift) & mask);
    for (const AclEntry& entry : node.acl) {
        if (entry.tag == AclTag::group && user.gids.contains(entry.id)) {
            any = true;
            granted = granted || grants(entry.permissions & mask);
        }
    }
    return any ? granted : grants(others);
}

}  // namespace

bool may_read_and_write(const DeviceNode& node, const UserFacts& user)
{
    if (user.uid == 0) {
        return true;
    }
    if (user.uid == node.uid) {
        return grants(line(node, AclTag::owner, node.mode >> owner_shift));
    }
    const unsigned mask = line(node, AclTag::mask, read_and_write);
    for (const AclEntry& entry : node.acl) {
        if (entry.tag == AclTag::user && entry.id == user.uid) {
            return grants(entry.permissions & mask);
        }
    }
    return by_groups(node, user, mask);
}

}  // namespace kvmkit
