// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/package_manager.hpp"

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace kvmkit::setup {

/// What dnf, zypper and pacman have in common: what they installed is taken back.
class RevertingManager : public PackageManager {
public:
    RevertingManager(Runner& runner, PackageLimits limits) : runner_(runner), limits_(std::move(limits)) {}

    [[nodiscard]] bool takes_back() const final { return true; }
    Result<void> check_removal(const std::vector<std::string>& names) final;
    Result<void> remove(const std::vector<std::string>& names) final;

protected:
    [[nodiscard]] Runner& runner() const { return runner_; }
    [[nodiscard]] const PackageLimits& limits() const { return limits_; }

    /// Tries again while somebody holds a lock, as `locked` tells, for as long as the limits say: somebody may come
    /// between our look at the locks and the program's own.
    [[nodiscard]] Result<Completed> until_unlocked(const std::function<Result<Completed>()>& attempt,
                                                   bool (*locked)(const Completed&)) const;

private:
    /// Those of these that are installed.
    virtual Result<std::vector<std::string>> present(const std::vector<std::string>& names) = 0;
    /// All that would go with these, which are installed. Changes nothing.
    virtual Result<std::vector<std::string>> foresee_removal(const std::vector<std::string>& names) = 0;
    /// Removes these, which nothing else needs.
    virtual Result<void> carry_out_removal(const std::vector<std::string>& names) = 0;

    Runner& runner_;
    PackageLimits limits_;
};

}  // namespace kvmkit::setup
