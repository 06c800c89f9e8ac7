// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/pacman_conflicts.hpp"
#include "setup/reverting_manager.hpp"

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// pacman. Arch serves no host that is upgraded in part, so that an installation upgrades all of it to what the package
/// lists say; and lists are fetched into a folder of our own, so that a run which does not come to its installation
/// does not leave the host with lists that are newer than its packages.
class Pacman final : public RevertingManager {
public:
    /// `top` is the host's root directory, for our folder of lists; pacman itself works on the running host alone.
    Pacman(Runner& runner, PackageLimits limits, std::filesystem::path top = "/");

    Result<std::vector<std::string>> update() override;
    Result<std::map<std::string, std::string>> candidates(const std::vector<std::string>& names) override;
    Result<Price> price(const std::vector<std::string>& names) override;
    Result<void> install(const std::vector<std::string>& names, const OnProgress& on_progress) override;

    /// One run, tried again while somebody holds the lock.
    Result<Completed> change(const std::vector<std::string>& words,
                             const std::vector<std::string>& names = {},
                             const OnProgress& on_progress = {});

    /// Why a run failed; ErrorCode::timeout: another manager holds a lock.
    [[nodiscard]] Error failure(std::string_view doing, const Completed& ended) const;

private:
    Result<std::vector<std::string>> present(const std::vector<std::string>& names) override;
    Result<std::vector<std::string>> foresee_removal(const std::vector<std::string>& names) override;
    Result<void> carry_out_removal(const std::vector<std::string>& names) override;

    /// Whether our lists are the ones to go by: they are there, and not older than pacman's own.
    [[nodiscard]] bool has_own_lists() const;
    /// The options that have pacman read the newer lists.
    [[nodiscard]] std::vector<std::string> by_lists() const;

    Result<Completed> ask(const std::vector<std::string>& words, const std::vector<std::string>& names = {});
    Result<std::vector<PacmanTarget>> targets(const char* operation, const std::vector<std::string>& names);
    Result<std::vector<PacmanPackage>> infos(const std::vector<std::string>& words,
                                             const std::vector<std::string>& names);

    std::filesystem::path top_;
};

}  // namespace kvmkit::setup
