// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/draw/tap_users.hpp"
#include "net/model/network.hpp"

#include <string>
#include <vector>

namespace kvmkit::net {

enum class BoxState { up, no_carrier, off, none };

/// The word for it; empty: none.
std::string_view word_of(BoxState state) noexcept;

/// One thing in a picture of the network: a link, or the VM behind a tap. Texts are fit for a terminal.
struct Box {
    int index = 0;  ///< Of the link; 0: a VM.
    std::string name = {};
    std::string kind = {};  ///< "NIC", "VLAN 100", "bridge", "VM", ...
    BoxState state = BoxState::none;
    std::vector<std::string> details = {};  ///< Addresses, VLANs, an MTU that differs from the layer below, ...
    std::vector<std::size_t> above = {};    ///< The boxes that rest on this one.
};

/// NIC -> bond -> VLAN -> bridge -> tap -> VM: each box rests on those below it.
struct Layers {
    std::vector<Box> boxes = {};
    std::vector<std::size_t> grounds = {};  ///< Those that rest on nothing; every box can be reached from one of them.
};

/// The links, or of those in `chosen` (by index) what they rest on and what rests on them. A bridge rests on its cards,
/// VLANs and bonds; its taps and veths rest on it.
Layers layers_of(const Network& network, const std::vector<TapUser>& users, const std::vector<int>& chosen = {});

}  // namespace kvmkit::net
