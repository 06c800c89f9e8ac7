// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/apt_output.hpp"
#include "setup/apt_progress.hpp"
#include "setup/dpkg_query.hpp"
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

    /// What apt installed stays, unless somebody asks for its removal: which of it others use by now, dpkg does not
    /// tell.
    [[nodiscard]] bool takes_back() const override { return false; }

    /// `apt-get -s remove` of those that are there. Nothing else may go or come for it.
    Result<void> check_removal(const std::vector<std::string>& names) override;

    /// Leaves their settings. What a removal that was cut off left in the middle is ended first.
    Result<void> remove(const std::vector<std::string>& names) override;

    /// Removes the settings of those that are not there any more, but of none whose settings were edited. Root.
    Result<void> purge(const std::vector<std::string>& names);

    /// The files that keep purge() from those of these that are not there any more: "/etc/a.conf".
    Result<std::vector<std::string>> edited_files(const std::vector<std::string>& names);

    /// Ends what an interrupted dpkg began, by `dpkg --configure -a` and then `apt-get -f install`, which may fetch
    /// what is missing and removes nothing. Root.
    Result<void> finish();

private:
    Result<Completed> run(std::vector<std::string> argv, const OnProgress& on_progress = {});
    [[nodiscard]] std::vector<std::string> apt_get(const std::vector<std::string>& words) const;
    bool knows_error_on();
    /// What dpkg knows of these, in any state; one that it does not know is passed over.
    Result<std::vector<QueriedPackage>> query(const std::vector<std::string>& names);
    /// Those of these that are there.
    Result<std::vector<std::string>> present(const std::vector<std::string>& names);
    Result<std::vector<std::string>> edited_of(const QueriedPackage& package);
    [[nodiscard]] Error failure(std::string_view doing, const Completed& ended) const;

    Runner& runner_;
    PackageLimits limits_;
};

}  // namespace kvmkit::setup
