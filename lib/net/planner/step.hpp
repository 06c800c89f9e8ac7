// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/model/network.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace kvmkit::net {

/// Makes a bridge, still switched off. The MAC is pinned: without one the bridge would take over the lowest MAC of its
/// ports, and change it whenever a VM starts or stops.
struct CreateBridge {
    LinkName name;
    MacAddress mac;
    std::uint32_t mark = 0;  ///< Stands in the link's group until the transaction ends: the proof that it is ours.
    std::optional<unsigned> mtu = {};  ///< Absent: what its ports have.
    BridgeOptions options = {};

    bool operator==(const CreateBridge&) const = default;
};

/// Deletes a bridge; its ports are free then.
struct DeleteBridge {
    LinkName name;
    bool operator==(const DeleteBridge&) const = default;
};

/// Makes a link a port of a bridge, or frees it.
struct Attach {
    LinkName port;
    LinkName bridge;
    bool operator==(const Attach&) const = default;
};
struct Release {
    LinkName port;
    LinkName bridge;
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

struct AddAddress {
    LinkName name;
    InterfaceAddress address;
    bool operator==(const AddAddress&) const = default;
};
struct RemoveAddress {
    LinkName name;
    InterfaceAddress address;
    bool operator==(const RemoveAddress&) const = default;
};

using Action =
    std::variant<CreateBridge, DeleteBridge, Attach, Release, SwitchUp, SwitchDown, SetMtu, AddAddress, RemoveAddress>;

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

    bool operator==(const Step&) const = default;
};

/// The link that a step changes.
const LinkName& subject(const Action& action);

/// The stable word for an action, as records carry it: "create-bridge".
std::string_view word(const Action& action) noexcept;

/// "attach eth1 to br0": for plans, progress and journals.
std::string describe(const Action& action);

}  // namespace kvmkit::net
