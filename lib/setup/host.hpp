// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/catalogue.hpp"
#include "setup/default_network.hpp"
#include "setup/distribution.hpp"
#include "setup/dpkg.hpp"
#include "setup/groups.hpp"
#include "setup/image_state.hpp"
#include "setup/kvm_device.hpp"
#include "setup/nested.hpp"
#include "setup/seal.hpp"
#include "setup/service.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// All that a plan depends on, as it was at one moment.
struct Host {
    Distribution distribution;
    std::string architecture;  ///< Debian's word: "amd64".
    PackageTable packages;
    std::vector<Need> needs;                        ///< What was asked for comes to these here, there or not.
    std::vector<std::string> remarks = {};          ///< What the catalogue of packages has to say about them.
    std::optional<std::chrono::seconds> lists_age;  ///< Of apt's package lists; absent: there are none.
    std::map<std::string, std::string> candidates;  ///< What apt would install for each missing package.
    ServiceState service;
    KvmDevice device;
    KvmModule module;
    bool live = false;                     ///< This host itself, not an image or a recording.
    std::optional<ImageState> image = {};  ///< It is an image that was entered: enter_root().
    NestedState nested = {};
    NetworkSurroundings network = {};  ///< Its claims are not looked for by observe().
    UserState user = {};               ///< Likewise: observe_user().
    std::optional<Seal> seal = {};     ///< Its package manager installs nothing, and another program does.

    /// Needs that neither their package nor an alternative of it meets.
    [[nodiscard]] std::vector<Need> missing() const;

    /// Whether its package manager can be asked: not that of a recording.
    [[nodiscard]] bool asks_manager() const { return live || image.has_value(); }
};

/// The installed package that meets a need: its own, or an alternative; nullptr if none does.
const Package* met_by(const PackageTable& packages, const Need& need);

/// The names to be given to apt.
std::vector<std::string> package_names(const std::vector<Need>& needs);

/// What a host is looked at for.
struct Wanted {
    Bundles bundles = {Bundle::hypervisor};
    bool tutorial = false;       ///< The classic walk-through is to be translated.
    std::string catalogue = {};  ///< The file of packages that came with the program; empty: what is built in.
    bool image = false;          ///< "/" is an image that was entered, and its kernel is not the one that runs.
};

/// Looks at a host. Needs no privilege and changes nothing. ErrorCode::refused where the distribution or architecture
/// is not supported, or has no package of what is wanted.
Result<Host> observe(const Root& root, Runner& runner, const Wanted& wanted = {});

/// Whether dpkg stopped in the middle of something.
bool is_unfinished(const PackageTable& packages);

/// An Error (external) if it did, with the command that ends it.
Result<void> check_finished(const PackageTable& packages);

}  // namespace kvmkit::setup
