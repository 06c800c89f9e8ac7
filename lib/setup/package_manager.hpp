// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/apt_output.hpp"
#include "setup/apt_progress.hpp"
#include "setup/distribution.hpp"
#include "setup/dpkg.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// Told what a package manager reports while it works.
using OnProgress = std::function<void(const PackageProgress&)>;

/// How long a package manager may take, and where its talk goes if it fails.
struct PackageLimits {
    std::chrono::seconds lock_wait{600};
    std::chrono::seconds run{3600};  ///< Then it is killed: nothing of ours waits for ever.
    std::filesystem::path log = {};  ///< Replaced by each failure; empty: the talk is not kept.
    bool may_remove = false;         ///< Packages may go where an installation cannot be had otherwise. apt only.
};

/// A host's package manager, run so that no question of it can be waited for.
class PackageManager {
public:
    PackageManager() = default;
    PackageManager(const PackageManager&) = delete;
    PackageManager& operator=(const PackageManager&) = delete;
    PackageManager(PackageManager&&) = default;
    PackageManager& operator=(PackageManager&&) = default;
    virtual ~PackageManager() = default;

    /// Fetches the package lists. Yields what went wrong with single sources, also where the program calls that a
    /// success. Root.
    virtual Result<std::vector<std::string>> update() = 0;

    /// The version that would be installed, by name; names that cannot be installed are left out. No privilege.
    virtual Result<std::map<std::string, std::string>> candidates(const std::vector<std::string>& names) = 0;

    /// What installing these would bring, remove and cost. Changes nothing.
    virtual Result<Price> price(const std::vector<std::string>& names) = 0;

    /// The packages of a group that are not installed, without what they need. Changes nothing. ErrorCode::unsupported:
    /// this one has no groups.
    virtual Result<std::vector<std::string>> rest_of(const std::string& group);

    /// Installs, without recommended packages, and removes nothing. Root. After an error the packages may be on the
    /// host in part.
    virtual Result<void> install(const std::vector<std::string>& names, const OnProgress& on_progress) = 0;

    /// Whether what was installed is taken back when it fails, by remove().
    [[nodiscard]] virtual bool takes_back() const = 0;

    /// Whether those of these that are there can go without anything else. ErrorCode::refused names what needs them.
    virtual Result<void> check_removal(const std::vector<std::string>& names) = 0;

    /// Removes those of these that are there, if nothing else needs them. Root.
    virtual Result<void> remove(const std::vector<std::string>& names) = 0;
};

/// The one that drives this installer. Only for those that check_tier() lets pass.
std::unique_ptr<PackageManager> open_manager(Installer installer, Runner& runner, const PackageLimits& limits);

/// What is installed on a host, by its package manager's own database.
Result<PackageTable> read_packages(const Root& root, Runner& runner, const Distribution& distribution);

}  // namespace kvmkit::setup
