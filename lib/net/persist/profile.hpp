// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kvmkit::net {

/// One option of a link by its key in state files: {"stp.forward-delay", "0"}.
struct Setting {
    std::string key;
    std::string value;

    bool operator==(const Setting&) const = default;
};
using Settings = std::vector<Setting>;

/// A route that somebody set by hand, out of the link that it is kept with.
struct KeptRoute {
    Prefix destination = Prefix::all(Family::ipv4);
    std::optional<IpAddress> gateway = {};
    std::optional<IpAddress> source = {};
    std::uint32_t metric = 0;  ///< 0: the usual one.
    std::uint32_t table = 0;   ///< 0: the main one.
    bool on_link = false;      ///< The gateway lies in none of the link's networks.

    /// Nothing but a gateway for everything.
    [[nodiscard]] bool is_plain_default() const;
    bool operator==(const KeptRoute&) const = default;
};

/// The port of a bridge or bond, and what it is set to there.
struct KeptPort {
    LinkName master = LinkName::from_kernel("");
    bool of_bond = false;
    Settings settings = {};

    bool operator==(const KeptPort&) const = default;
};

/// What is to be kept of one link.
struct KeptLink {
    LinkName name = LinkName::from_kernel("");
    std::string kind = {};  ///< "bridge", "vlan", "bond", "dummy"; empty: a card, which is there by itself.
    std::optional<MacAddress> mac = {};  ///< Of a bridge: pinned. Absent: whatever it gets.
    std::optional<unsigned> mtu = {};    ///< Absent: the usual one.
    std::optional<LinkName> lower = {};  ///< Of a VLAN.
    Settings settings = {};              ///< What differs from the kernel's defaults; STP and VLAN id in any case.
    std::optional<KeptPort> port = {};
    std::optional<VlanMembership> vlans = {};  ///< Of a filtering bridge or its port.
    std::vector<InterfaceAddress> addresses = {};
    std::vector<KeptRoute> routes = {};
    bool dhcp4 = false;
    bool dhcp6 = false;
    bool ipv6 = true;
    bool advertisements = false;            ///< Takes addresses from routers.
    std::vector<std::string> servers = {};  ///< Name servers, of the link that leads to them.
    std::vector<std::string> search = {};

    [[nodiscard]] bool is_port() const { return port.has_value(); }
    [[nodiscard]] bool has_ip() const { return dhcp4 || dhcp6 || advertisements || !addresses.empty(); }
    bool operator==(const KeptLink&) const = default;
};

/// Some links as they are to come back at boot: those asked for and what they stand on, lowest first.
struct Profile {
    std::string name = {};  ///< The first link that was asked for: names the files.
    std::vector<KeptLink> links = {};

    [[nodiscard]] const KeptLink* find(const LinkName& wanted) const;
    bool operator==(const Profile&) const = default;
};

/// The host's name servers and search domains.
struct Resolver {
    std::vector<std::string> servers = {};
    std::vector<std::string> search = {};
};

/// What else is to be known of the host.
struct Circumstances {
    std::set<int> dhcp_links = {};  ///< Indexes of links that a DHCP client looks after.
    Resolver resolver = {};
};

/// A profile, and sentences about what of the links it does not hold.
struct ProfileDraft {
    Profile profile;
    std::vector<std::string> losses = {};
};

/// The links of those names as they are now, with ports, masters, the links below them and VLANs on them; taps and
/// ends of containers' cables are left out. Leased addresses become DHCP. Pure. ErrorCode::not_found.
Result<ProfileDraft> profile_of(const Network& network,
                                const std::vector<LinkName>& names,
                                const Circumstances& circumstances);

}  // namespace kvmkit::net
