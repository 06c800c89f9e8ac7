// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/vlan_requests.hpp"

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <cstring>

namespace kvmkit::net {
namespace {

/// VLANs that share their flags, and so can be told as ranges.
struct Entries {
    VlanSet vlans = {};
    std::uint16_t flags = 0;
};

void put_entry(Message& message, VlanId vlan, unsigned flags)
{
    const bridge_vlan_info info{.flags = static_cast<std::uint16_t>(flags), .vid = vlan};
    std::string bytes(sizeof(info), '\0');
    std::memcpy(bytes.data(), &info, sizeof(info));
    message.put(IFLA_BRIDGE_VLAN_INFO, bytes);
}

void put_entries(Message& message, const Entries& entries)
{
    for (const VlanRange& range : entries.vlans.ranges()) {
        if (range.first == range.last) {
            put_entry(message, range.first, entries.flags);
            continue;
        }
        put_entry(message, range.first, entries.flags | BRIDGE_VLAN_INFO_RANGE_BEGIN);
        put_entry(message, range.last, entries.flags | BRIDGE_VLAN_INFO_RANGE_END);
    }
}

Message message_of(int type, const Link& link, const std::vector<Entries>& all)
{
    ifinfomsg header{};
    header.ifi_family = AF_BRIDGE;
    header.ifi_index = link.index;
    Message message{type, 0, header};
    message.nest(IFLA_AF_SPEC, [&](Message& spec) {
        if (link.is_bridge()) {
            const std::uint16_t flags = BRIDGE_FLAGS_SELF;
            spec.put(IFLA_BRIDGE_FLAGS, {reinterpret_cast<const char*>(&flags), sizeof(flags)});
        }
        for (const Entries& entries : all) {
            put_entries(spec, entries);
        }
    });
    return message;
}

/// Those members whose flags are not as wanted, or that are missing.
VlanSet changed(const VlanMembership& now, const VlanMembership& wanted)
{
    VlanSet same = wanted.members.both(now.members);
    const auto other_tags = wanted.untagged.without(now.untagged);
    const auto tags_gone = now.untagged.without(wanted.untagged);
    same = same.without(other_tags).without(tags_gone);
    if (now.pvid != wanted.pvid) {
        same.remove(now.pvid.value_or(0));
        same.remove(wanted.pvid.value_or(0));
    }
    return wanted.members.without(same);
}

}  // namespace

std::vector<Message> vlan_messages(const Link& link, const VlanMembership& wanted)
{
    const VlanMembership now = link.vlans.value_or(VlanMembership{});
    std::vector<Message> messages;
    if (const auto gone = now.members.without(wanted.members); !gone.empty()) {
        messages.push_back(message_of(RTM_DELLINK, link, {{gone}}));
    }
    auto rest = changed(now, wanted);
    std::vector<Entries> entries;
    if (wanted.pvid && rest.has(*wanted.pvid)) {
        VlanSet alone;
        alone.add(*wanted.pvid);
        const auto untagged = wanted.untagged.has(*wanted.pvid) ? BRIDGE_VLAN_INFO_UNTAGGED : 0;
        entries.push_back({alone, static_cast<std::uint16_t>(BRIDGE_VLAN_INFO_PVID | untagged)});
        rest.remove(*wanted.pvid);
    }
    if (const auto untagged = rest.both(wanted.untagged); !untagged.empty()) {
        entries.push_back({untagged, BRIDGE_VLAN_INFO_UNTAGGED});
    }
    if (const auto tagged = rest.without(wanted.untagged); !tagged.empty()) {
        entries.push_back({tagged});
    }
    if (!entries.empty()) {
        messages.push_back(message_of(RTM_SETLINK, link, entries));
    }
    return messages;
}

}  // namespace kvmkit::net
