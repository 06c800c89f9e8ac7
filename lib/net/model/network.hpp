// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/address.hpp"
#include "net/model/names.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::net {

/// One setting of a bridge as the kernel stores it: an IFLA_BR_* number and its bytes. Kept raw, so that a bridge can
/// be made again with settings that this program knows nothing of.
struct BridgeOption {
    std::uint16_t type = 0;
    std::string bytes;

    bool operator==(const BridgeOption&) const = default;
};
using BridgeOptions = std::vector<BridgeOption>;

/// One link as the kernel reports it, with what hangs on it.
struct Link {
    LinkName name = LinkName::from_kernel("");
    int index = 0;
    std::string kind = {};               ///< "bridge", "veth", "tun"; empty for hardware and for lo.
    std::optional<MacAddress> mac = {};  ///< Absent on links without Ethernet addresses.
    unsigned mtu = 0;
    bool up = false;         ///< Switched on by the administrator.
    bool running = false;    ///< Can carry packets now.
    bool carrier = false;    ///< The cable, or the far end, is there.
    std::string state = {};  ///< The kernel's operational state: "up", "down", "lowerlayerdown", ...
    bool ethernet = false;   ///< Carries Ethernet frames; lo and tun links do not.
    bool loopback = false;
    bool wireless = false;
    int master = 0;  ///< Index of the bridge or bond that it is a port of; 0: none.
    std::uint32_t group = 0;
    BridgeOptions options = {};  ///< Of a bridge, those that can be set.
    std::vector<InterfaceAddress> addresses = {};
    std::vector<std::string> routes = {};  ///< "default", "10.0.0.0/8": those that somebody set, not the kernel itself.

    [[nodiscard]] bool is_bridge() const { return kind == "bridge"; }
    /// A VM's end of a cable: its hypervisor made it and will remove it.
    [[nodiscard]] bool is_tap() const { return kind == "tun" && ethernet; }
};

/// All links of one network namespace, by index.
struct Network {
    std::vector<Link> links = {};
};

/// The link of that name or index, or null. The pointer lives as long as the network is unchanged.
const Link* find(const Network& network, const LinkName& name);
const Link* find(const Network& network, int index);

/// The ports of a bridge, by index.
std::vector<const Link*> ports_of(const Network& network, const Link& bridge);

}  // namespace kvmkit::net
