// SPDX-License-Identifier: Apache-2.0
#include "net/handover/staying.hpp"

#include <linux/if_addr.h>
#include <linux/neighbour.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <algorithm>
#include <optional>

namespace kvmkit::net {
namespace {

using Addresses = std::vector<InterfaceAddress>;

Family family_of(unsigned char number)
{
    return number == AF_INET6 ? Family::ipv6 : Family::ipv4;
}

std::optional<InterfaceAddress::Octets> octets_of(const std::optional<std::string_view>& bytes)
{
    InterfaceAddress::Octets octets{};
    if (!bytes || bytes->size() > octets.size()) {
        return std::nullopt;
    }
    std::ranges::copy(*bytes, octets.begin());
    return octets;
}

std::optional<IpAddress> address_in(const Packet& packet, std::uint16_t type, Family family)
{
    const auto octets = octets_of(attribute(packet, type));
    return octets ? std::optional{IpAddress{family, *octets}} : std::nullopt;
}

bool lies_in(const Addresses& addresses, const IpAddress& one)
{
    return std::ranges::any_of(addresses,
                               [&one](const InterfaceAddress& address) { return Prefix{address}.contains(one); });
}

/// Which of a link's addresses stay, and which go.
class Parting {
public:
    Parting(const Snapshot& snapshot, const Addresses& staying) : staying_(staying)
    {
        for (const Packet& packet : snapshot.addresses) {
            const auto address = told_address(packet);
            if (address && !stays(*address)) {
                going_.push_back(*address);
            }
        }
    }

    [[nodiscard]] bool stays(const InterfaceAddress& address) const
    {
        return std::ranges::find(staying_, address) != staying_.end();
    }

    [[nodiscard]] bool route_stays(const Packet& route) const
    {
        const auto head = header_of<rtmsg>(route);
        const auto family = family_of(head.rtm_family);
        const auto source = address_in(route, RTA_PREFSRC, family);
        if (source && is_one_of(staying_, *source)) {
            return true;
        }
        if (const auto gateway = address_in(route, RTA_GATEWAY, family)) {
            return only_here(*gateway);
        }
        const auto target = octets_of(attribute(route, RTA_DST));
        return head.rtm_protocol == RTPROT_KERNEL && target && is_network_of_staying(family, *target, head.rtm_dst_len);
    }

    /// Behind the staying addresses, and behind none of those that go.
    [[nodiscard]] bool only_here(const IpAddress& address) const
    {
        return lies_in(staying_, address) && !lies_in(going_, address);
    }

private:
    static bool is_one_of(const Addresses& addresses, const IpAddress& one)
    {
        return std::ranges::any_of(addresses, [&one](const InterfaceAddress& address) {
            return address.family() == one.family() && address.bytes() == one.bytes();
        });
    }

    [[nodiscard]] bool is_network_of_staying(Family family,
                                             const InterfaceAddress::Octets& octets,
                                             unsigned length) const
    {
        const Prefix network{InterfaceAddress{family, octets, length}};
        return std::ranges::any_of(staying_,
                                   [&network](const InterfaceAddress& address) { return Prefix{address} == network; });
    }

    const Addresses& staying_;
    Addresses going_ = {};
};

}  // namespace

std::optional<InterfaceAddress> told_address(const Packet& packet)
{
    const auto head = header_of<ifaddrmsg>(packet);
    const auto local = attribute(packet, IFA_LOCAL);
    const auto octets = octets_of(local ? local : attribute(packet, IFA_ADDRESS));
    return octets ? std::optional{InterfaceAddress{family_of(head.ifa_family), *octets, head.ifa_prefixlen}}
                  : std::nullopt;
}

Snapshot without_staying(Snapshot snapshot, const std::vector<InterfaceAddress>& staying)
{
    if (staying.empty()) {
        return snapshot;
    }
    const Parting parting{snapshot, staying};
    const auto stays_behind = [&parting](const Packet& packet, std::uint16_t type, unsigned char family) {
        const auto address = address_in(packet, type, family_of(family));
        return address && parting.only_here(*address);
    };
    std::erase_if(snapshot.addresses, [&parting](const Packet& packet) {
        const auto address = told_address(packet);
        return address && parting.stays(*address);
    });
    std::erase_if(snapshot.routes, [&parting](const Packet& packet) { return parting.route_stays(packet); });
    std::erase_if(snapshot.nexthops, [&stays_behind](const Packet& packet) {
        return stays_behind(packet, NHA_GATEWAY, header_of<nhmsg>(packet).nh_family);
    });
    std::erase_if(snapshot.neighbours, [&stays_behind](const Packet& packet) {
        return stays_behind(packet, NDA_DST, header_of<ndmsg>(packet).ndm_family);
    });
    return snapshot;
}

}  // namespace kvmkit::net
