// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/apt_output.hpp"
#include "setup/apt_progress.hpp"
#include "setup/package_manager.hpp"
#include "system/runner.hpp"

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kvmkit::setup {

/// apt, run so that no question of it, of debconf, ucf, needrestart or dpkg can be waited for.
class Apt final : public PackageManager {
public:
    Apt(Runner& runner, PackageLimits limits) : runner_(runner), limits_(std::move(limits)) {}

    /// Fetches the package lists. Yields what went wrong with single sources, also where apt-get ends with 0. Root.
    Result<std::vector<std::string>> update() override;

    /// `apt-get update`, strict where apt knows how, with the caller's -o options: its folders, not the host's.
    Result<Completed> update_from(const std::vector<std::string>& options);

    /// `apt-get -s install` with the caller's -o options. Changes nothing, needs neither privilege nor locks.
    Result<Completed> simulate_from(const std::vector<std::string>& options, const std::vector<std::string>& names);

    /// The version that apt would install, by name; names that apt cannot install are left out. No privilege.
    Result<std::map<std::string, std::string>> candidates(const std::vector<std::string>& names) override;

    /// What installing these would bring, remove and cost. Changes nothing, needs neither privilege nor locks.
    Result<Price> price(const std::vector<std::string>& names) override;

    /// Installs, without recommended packages; apt refuses by itself if anything would have to go. Root. After an error
    /// the packages may be on the host in part.
    Result<void> install(const std::vector<std::string>& names, const OnProgress& on_progress) override;

    /// What apt installed stays: which of it others use by now, dpkg does not tell.
    [[nodiscard]] bool takes_back() const override { return false; }
    Result<void> check_removal(const std::vector<std::string>& names) override;
    Result<void> remove(const std::vector<std::string>& names) override { return check_removal(names); }

    /// Ends what an interrupted dpkg began, by `dpkg --configure -a` and then `apt-get -f install`, which may fetch
    /// what is missing and removes nothing. Root.
    Result<void> finish();

private:
    Result<Completed> run(std::vector<std::string> argv, const OnProgress& on_progress = {});
    [[nodiscard]] std::vector<std::string> apt_get(const std::vector<std::string>& words) const;
    bool knows_error_on();
    [[nodiscard]] Error failure(std::string_view doing, const Completed& ended) const;

    Runner& runner_;
    PackageLimits limits_;
};

}  // namespace kvmkit::setup
