// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/desired.hpp"
#include "net/model/network.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace kvmkit::net {

/// Makes a virtual link, still switched off. A bridge's MAC is pinned: without one it would take over the lowest MAC of
/// its ports, and change it whenever a VM starts or stops.
struct CreateLink {
    LinkName name;
    std::string kind;                    ///< The kernel's word: "bridge", "vlan", "bond", "veth", "dummy", "vxlan".
    std::optional<MacAddress> mac = {};  ///< Absent: the kernel's choice.
    std::uint32_t mark = 0;              ///< In the link's group until the transaction ends: the proof that it is ours.
    std::optional<unsigned> mtu = {};    ///< Absent: the kernel's choice; of a bridge, what its ports have.
    std::optional<LinkName> lower = {};  ///< Of a VLAN or VXLAN.
    std::optional<LinkName> peer = {};   ///< Of a veth: the other end, made with it.
    std::optional<MacAddress> peer_mac = {};
    int index = 0;  ///< 0: the kernel's choice.
    int peer_index = 0;
    LinkOptions options = {};
    std::optional<VlanMembership> vlans =
        {};  ///< Of a bridge whose index is given: its own; absent: what a new one has.

    bool operator==(const CreateLink&) const = default;
};

/// Deletes a virtual link; its ports are free then. The other end of a veth goes with it.
struct DeleteLink {
    LinkName name;
    std::string kind;
    bool operator==(const DeleteLink&) const = default;
};

/// Makes a link a port of a bridge or bond, or frees it.
struct Attach {
    LinkName port;
    LinkName bridge;
    LinkOptions options = {};                   ///< Of the new port: IFLA_BRPORT_*.
    std::optional<VlanMembership> vlans = {};   ///< Of the new port; absent: what a new one has.
    std::optional<MacAddress> master_mac = {};  ///< Of the bond, which takes over that of a port; absent: as it comes.
    bool operator==(const Attach&) const = default;
};
struct Release {
    LinkName port;
    LinkName bridge;
    std::optional<MacAddress> bridge_mac = {};  ///< What the bridge gets back with its last port; absent: as it comes.
    bool operator==(const Release&) const = default;
};

/// Switches a link on or off. In the same message `group` takes the place of the link's group, if given.
struct SwitchUp {
    LinkName name;
    std::optional<std::uint32_t> group = {};
    bool operator==(const SwitchUp&) const = default;
};
struct SwitchDown {
    LinkName name;
    std::optional<std::uint32_t> group = {};
    bool operator==(const SwitchDown&) const = default;
};

struct SetMtu {
    LinkName name;
    unsigned mtu = 0;
    bool operator==(const SetMtu&) const = default;
};
struct SetMac {
    LinkName name;
    MacAddress mac;
    bool operator==(const SetMac&) const = default;
};
/// Takes a link out of the group that marks it as made by this transaction.
struct SetGroup {
    LinkName name;
    std::uint32_t group = 0;
    bool operator==(const SetGroup&) const = default;
};

/// Settings of a virtual link of that kind; those not named stay.
struct SetOptions {
    LinkName name;
    std::string kind;
    LinkOptions options = {};
    bool operator==(const SetOptions&) const = default;
};
/// Settings of a bridge's port: IFLA_BRPORT_*.
struct SetPortOptions {
    LinkName name;
    LinkOptions options = {};
    bool operator==(const SetPortOptions&) const = default;
};
/// All VLANs of a bridge's port, or of a bridge itself: those not named go.
struct SetVlans {
    LinkName name;
    VlanMembership vlans = {};
    bool operator==(const SetVlans&) const = default;
};

/// What of IPv6 can be switched on and off on a link.
enum class Ipv6Switch {
    enabled,   ///< Off takes the link's IPv6 addresses away.
    autoconf,  ///< Addresses by router advertisements.
};
struct SetIpv6 {
    LinkName name;
    Ipv6Switch what = Ipv6Switch::enabled;
    bool on = true;
    bool operator==(const SetIpv6&) const = default;
};

struct AddAddress {
    LinkName name;
    InterfaceAddress address;
    /// Addresses of the same network that are to come after it: the first one is what the host talks with.
    std::vector<InterfaceAddress> ahead_of = {};
    AddressExtras extras = {};  ///< Of one that is put back as it was.
    bool operator==(const AddAddress&) const = default;
};
/// Takes one address away, and no other with it.
struct RemoveAddress {
    LinkName name;
    InterfaceAddress address;
    bool operator==(const RemoveAddress&) const = default;
};

/// One of several ways of a route.
struct RouteWay {
    LinkName link;
    std::optional<IpAddress> gateway = {};
    unsigned weight = 1;
    bool onlink = false;

    bool operator==(const RouteWay&) const = default;
};

/// A route, with its link by name.
struct RouteEntry {
    Prefix destination;
    std::optional<LinkName> link = {};  ///< Absent: the route throws packets away.
    std::optional<IpAddress> gateway = {};
    std::optional<IpAddress> source = {};
    std::uint32_t metric = 0;
    std::uint32_t table = 254;        ///< RT_TABLE_MAIN
    std::uint8_t protocol = 4;        ///< RTPROT_STATIC
    std::uint8_t scope = 0;           ///< RT_SCOPE_UNIVERSE
    std::uint8_t type = 1;            ///< RTN_UNICAST
    std::vector<RouteWay> ways = {};  ///< Of a route of several ways, which has no link and gateway of its own.
    bool onlink = false;              ///< The gateway is on the link, whatever the addresses say.

    bool operator==(const RouteEntry&) const = default;
};
struct AddRoute {
    RouteEntry route;
    bool operator==(const AddRoute&) const = default;
};
struct RemoveRoute {
    RouteEntry route;
    bool operator==(const RemoveRoute&) const = default;
};

/// Moves addresses, routes, rules and neighbours from a port to its bridge or back, and makes the port one or frees it
/// in the same moment. The host's connections live on.
enum class Direction { to_bridge, to_port };
struct Handover {
    LinkName port;
    LinkName bridge;
    Direction direction = Direction::to_bridge;
    std::string snapshot = {};  ///< What is moved, serialised; empty: what hangs on the giving link then.
    std::vector<InterfaceAddress> stays = {};   ///< Of the bridge's addresses, its own.
    std::optional<MacAddress> bridge_mac = {};  ///< The bridge's, once the card has left, or has come back.
    bool operator==(const Handover&) const = default;
};

/// Writes /etc/resolv.conf. Absent bytes: there is no such file.
struct SetResolver {
    std::optional<std::string> before = {};  ///< What must be there.
    std::optional<std::string> after = {};
    bool operator==(const SetResolver&) const = default;
};

/// Has NetworkManager leave a link as it is, or take it up again. In place before the link is changed otherwise, so
/// that the two do not change it in turns.
struct SetManaged {
    LinkName name;
    bool managed = false;
    bool operator==(const SetManaged&) const = default;
};

using Action = std::variant<CreateLink,
                            DeleteLink,
                            Attach,
                            Release,
                            SwitchUp,
                            SwitchDown,
                            SetMtu,
                            SetMac,
                            SetGroup,
                            SetOptions,
                            SetPortOptions,
                            SetVlans,
                            SetIpv6,
                            AddAddress,
                            RemoveAddress,
                            AddRoute,
                            RemoveRoute,
                            Handover,
                            SetResolver,
                            SetManaged>;

/// What must still hold for an undoing step to be made. If it does not, there is nothing to take back: the change was
/// never made, or somebody else has changed the link since.
struct Guard {
    int index = 0;                        ///< The link must have this index; 0: any.
    std::uint32_t mark = 0;               ///< The link's group must be this; 0: any.
    std::optional<LinkName> master = {};  ///< The link must be a port of this one.

    bool operator==(const Guard&) const = default;
};

/// One change of the network. With a guard it undoes an earlier one, and is harmless where that was never made.
struct Step {
    Action action;
    std::optional<Guard> guard = {};
    KeyPath origin = {};  ///< The wish that it fulfils.

    bool operator==(const Step&) const = default;
};

/// The link that a step changes; null for a route without one, and for name servers.
const LinkName* subject(const Action& action);

/// Whether it is of use to who makes the changes alone, such as marks, and nothing to show in a plan.
bool is_bookkeeping(const Action& action) noexcept;

/// The stable word for an action, as records carry it: "create-bridge".
std::string_view word(const Action& action) noexcept;

/// The same for links of every kind: "create-link". As journals carry it.
std::string_view plain_word(const Action& action) noexcept;

/// "attach eth1 to br0": for plans, progress and journals.
std::string describe(const Action& action);

/// "default via 192.0.2.254 dev br0 metric 100"
std::string describe(const RouteEntry& route);

}  // namespace kvmkit::net
