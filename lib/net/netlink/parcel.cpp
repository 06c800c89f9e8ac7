// SPDX-License-Identifier: Apache-2.0
#include "net/netlink/parcel.hpp"

#include "net/netlink/internal/requests.hpp"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

std::string bytes_of(const Message& message)
{
    nlmsghdr* const header = nlmsg_hdr(message.get());
    header->nlmsg_flags = static_cast<std::uint16_t>(header->nlmsg_flags | NLM_F_REQUEST | NLM_F_ACK);
    header->nlmsg_pid = 0;
    std::string bytes{reinterpret_cast<const char*>(header), header->nlmsg_len};
    bytes.resize(NLMSG_ALIGN(bytes.size()), '\0');
    return bytes;
}

bool takes_away(const Action& action)
{
    return std::holds_alternative<DeleteLink>(action) || std::holds_alternative<Release>(action) ||
           std::holds_alternative<SwitchDown>(action) || std::holds_alternative<RemoveAddress>(action) ||
           std::holds_alternative<RemoveRoute>(action);
}

/// The size of what stands between a request's header and its attributes.
std::size_t fixed_part(std::uint16_t type)
{
    switch (type) {
        case RTM_NEWADDR:
        case RTM_DELADDR: return sizeof(ifaddrmsg);
        case RTM_NEWROUTE:
        case RTM_DELROUTE: return sizeof(rtmsg);
        default: return sizeof(ifinfomsg);
    }
}

/// Whether what that path leads to holds attributes, and not a value.
bool holds_attributes(std::uint16_t type, const std::vector<std::uint16_t>& path)
{
    const bool of_link = type == RTM_NEWLINK || type == RTM_SETLINK || type == RTM_DELLINK;
    if (!of_link || path.size() > 2) {
        return false;
    }
    const bool of_kind = path.front() == IFLA_LINKINFO;
    return path.size() == 1 ? of_kind || path.front() == IFLA_AF_SPEC
                            : of_kind && (path.back() == IFLA_INFO_DATA || path.back() == IFLA_INFO_SLAVE_DATA);
}

}  // namespace

Result<Parcel> pack(const Action& action, const Network& network)
{
    Parcel parcel{.takes_away = takes_away(action)};
    if (const auto* ipv6 = std::get_if<SetIpv6>(&action)) {
        parcel.switch_ = *ipv6;
        return parcel;
    }
    auto requests = requests_for(action, network);
    if (!requests) {
        return std::move(requests).error();
    }
    parcel.attempt = std::move(requests->attempt);
    parcel.readdressed = std::move(requests->readdressed);
    parcel.requests.reserve(requests->messages.size());
    for (const Message& message : requests->messages) {
        parcel.requests.push_back(bytes_of(message));
    }
    return parcel;
}

Parcel pack_deletion_of_group(std::uint32_t group, std::size_t links)
{
    Message message{RTM_DELLINK, 0, ifinfomsg{}};
    message.put_number(IFLA_GROUP, group);
    return {.requests = {bytes_of(message)},
            .attempt = {Request::delete_link, fmt::format("cannot delete {} links", links)},
            .steps = links,
            .takes_away = true};
}

std::vector<std::uint16_t> attribute_at(std::string_view request, std::uint32_t offset)
{
    nlmsghdr header{};
    if (request.size() < sizeof(header)) {
        return {};
    }
    std::memcpy(&header, request.data(), sizeof(header));
    std::size_t at = NLMSG_ALIGN(NLMSG_HDRLEN + fixed_part(header.nlmsg_type));
    std::size_t end = request.size();
    std::vector<std::uint16_t> path;
    while (at + sizeof(nlattr) <= end && at <= offset) {
        nlattr attribute{};
        std::memcpy(&attribute, request.data() + at, sizeof(attribute));
        if (attribute.nla_len < sizeof(attribute)) {
            break;
        }
        if (at == offset) {
            path.push_back(attribute.nla_type & NLA_TYPE_MASK);
            return path;
        }
        const bool inside = offset < at + attribute.nla_len;
        if (inside) {
            path.push_back(attribute.nla_type & NLA_TYPE_MASK);
            end = std::min(end, at + attribute.nla_len);
            if (!holds_attributes(header.nlmsg_type, path)) {
                break;
            }
        }
        at += inside ? NLA_HDRLEN : NLA_ALIGN(attribute.nla_len);
    }
    return {};
}

}  // namespace kvmkit::net
