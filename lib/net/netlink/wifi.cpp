// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/internal/dump.hpp"

#include <linux/genetlink.h>
#include <linux/nl80211.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace kvmkit::net {
namespace {

struct WifiLink {
    int index = 0;
    bool client = false;
};

/// A client in 4-address mode can carry the frames of others, and so can an access point.
std::optional<WifiLink> read_interface(nlmsghdr* answer)
{
    std::array<nlattr*, NL80211_ATTR_MAX + 1> attributes{};
    if (nlmsg_parse(answer, GENL_HDRLEN, attributes.data(), NL80211_ATTR_MAX, nullptr) < 0 ||
        attributes[NL80211_ATTR_IFINDEX] == nullptr || attributes[NL80211_ATTR_IFTYPE] == nullptr) {
        return std::nullopt;
    }
    const nlattr* const four_addresses = attributes[NL80211_ATTR_4ADDR];
    return WifiLink{static_cast<int>(nla_get_u32(attributes[NL80211_ATTR_IFINDEX])),
                    nla_get_u32(attributes[NL80211_ATTR_IFTYPE]) == NL80211_IFTYPE_STATION &&
                        (four_addresses == nullptr || nla_get_u8(four_addresses) == 0)};
}

}  // namespace

std::optional<KernelRefusal> read_wifi_clients(Network& network, Socket& generic)
{
    Message question{GENL_ID_CTRL, 0, genlmsghdr{CTRL_CMD_GETFAMILY, 1, 0}};
    question.put_text(CTRL_ATTR_FAMILY_NAME, NL80211_GENL_NAME);
    int family = 0;
    const auto unknown = generic.exchange(question, [&family](nlmsghdr* answer) {
        std::array<nlattr*, CTRL_ATTR_MAX + 1> attributes{};
        if (nlmsg_parse(answer, GENL_HDRLEN, attributes.data(), CTRL_ATTR_MAX, nullptr) == 0 &&
            attributes[CTRL_ATTR_FAMILY_ID] != nullptr) {
            family = nla_get_u16(attributes[CTRL_ATTR_FAMILY_ID]);
        }
    });
    if (unknown) {
        return unknown->errnum == ENOENT ? std::nullopt : unknown;
    }
    const Message list{family, NLM_F_DUMP, genlmsghdr{NL80211_CMD_GET_INTERFACE, 0, 0}};
    return generic.exchange(list, [&network](nlmsghdr* answer) {
        const auto wifi = read_interface(answer);
        for (Link& link : network.links) {
            link.wireless = link.wireless || (wifi && wifi->client && wifi->index == link.index);
        }
    });
}

}  // namespace kvmkit::net
