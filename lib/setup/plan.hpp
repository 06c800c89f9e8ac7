// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/apt.hpp"
#include "setup/host.hpp"
#include "setup/step.hpp"

#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// What host-setup can be asked for.
enum class Component {
    hypervisor,    ///< The packages.
    network,       ///< libvirt's network "default": a range that nobody uses, started with libvirt.
    modules,       ///< The KVM module, and /dev/kvm open to group kvm.
    groups,        ///< A user who may use KVM and libvirt.
    services,      ///< libvirtd enabled and started.
    nested,        ///< Guests may run guests; only if it is named.
    mirror,        ///< Where packages come from; only if it is named.
    tools,         ///< More packages, each only if it is named: virt-manager and the like,
    guest_images,  ///< what guests' images need,
    desktop,       ///< a desktop of the host's own.
    ssh_root,      ///< root's login by ssh, on trial until it is confirmed; only if it is named.
};

std::string_view word(Component component) noexcept;

using Components = std::set<Component>;

/// Reads names from a command line; none means those that need no word of their own. ErrorCode::usage names what was
/// not understood and what there is.
Result<Components> parse_components(const std::vector<std::string>& names);

/// The words of all components, in order.
std::vector<std::string> component_words();

/// What has to be done. Nothing to be done: no steps. Notes say what cannot be done and why, and stay after an apply.
struct Plan {
    std::vector<Need> missing;
    std::vector<Step> steps;
    std::vector<std::string> notes;
    std::vector<std::string> relogin = {};  ///< Users who must log in again before all holds for them.
    std::vector<std::string> reboot = {};   ///< Why some of it holds only after a reboot.
};

/// Compares a host with what it should be. Pure. ErrorCode::refused: the administrator forbade what was asked for, or
/// the range of the network is in use.
Result<Plan> make_plan(const Host& host, const Components& components, const NetworkWish& network = {});

/// Whether libvirt must not start by itself when its packages are configured: its network is to be laid out first.
bool is_to_be_held(const Host& host, const Components& components);

/// Whether apt's lists must be fetched before the missing packages can be judged or installed.
bool needs_refresh(const Host& host, const std::vector<Need>& missing);

/// What fetches the package lists there, by name: "apt-get update".
std::string_view updater(const Distribution& distribution) noexcept;

/// not_found: names the missing packages that no source has, and the suite. `problems` of the last refresh go
/// along.
Result<void> check_candidates(const Host& host,
                              const std::vector<Need>& missing,
                              std::span<const std::string> problems);

/// What the plan's packages cost; absent if there are none or the lists must be fetched first.
Result<std::optional<Price>> price_of(const Host& host, const Plan& plan, Runner& runner);

}  // namespace kvmkit::setup
