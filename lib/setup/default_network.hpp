// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "facts/ipv4_claim.hpp"
#include "setup/step.hpp"
#include "system/root.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// libvirt's network "default", as its files tell it: nobody has to be asked, and nothing is started by asking.
struct DefaultNetworkState {
    Ipv4Range range;
    std::string bridge;      ///< "virbr0"
    bool autostart = false;  ///< libvirt starts it when it starts itself.
    bool active = false;
};

/// The range that libvirt's packages ship, and so that of the network of many a host below this one.
inline constexpr Ipv4Range shipped_range{0xc0a87a00, 24};

/// All that decides about the network.
struct NetworkSurroundings {
    Fact<DefaultNetworkState> network{std::nullopt};    ///< Absent: libvirt has no such network.
    Fact<std::vector<Ipv4Claim>> claims{std::nullopt};  ///< Of this host; absent: nobody looked.
    bool guest = false;                                 ///< This host is a VM of QEMU: libvirt may be below it.
    bool forwards = false;                              ///< net.ipv4.ip_forward is 1.
    bool docker = false;                                ///< docker0 is there, which also needs that.
    std::vector<std::string> vms = {};                  ///< That run now.
};

/// Looks at a host, but for its claims. Needs no privilege (without which libvirt's files cannot be read).
NetworkSurroundings observe_surroundings(const Root& root);

/// What is to become of the network: --default-net.
struct NetworkWish {
    enum class Kind {
        automatic,  ///< A range that nobody uses; started with libvirt.
        keep,       ///< The range that it has; started with libvirt unless the host would lose something.
        off,        ///< Not started.
        range,      ///< This range; started with libvirt.
    };
    Kind kind = Kind::automatic;
    Ipv4Range range = {};
};

/// "auto", "keep", "off" or a range such as "192.168.150.0/24". ErrorCode::usage says what there is.
Result<NetworkWish> parse_network_wish(std::string_view text);

/// What else of a plan the network's plan depends on.
struct NetworkOutlook {
    bool comes = false;     ///< Packages bring the network before its steps are made.
    bool will_run = false;  ///< libvirt runs once all else is done.
};

/// What is done to the network: at two moments.
struct NetworkPlan {
    std::vector<Step> before;  ///< Before libvirt starts.
    std::vector<Step> after;   ///< Once it runs.
    std::vector<std::string> notes;
};

/// Pure. ErrorCode::refused: the range that was asked for is in use.
Result<NetworkPlan> plan_network(const NetworkSurroundings& now,
                                 const NetworkWish& wish,
                                 const NetworkOutlook& outlook);

}  // namespace kvmkit::setup
