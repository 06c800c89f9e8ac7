// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/package_manager.hpp"

#include <string>
#include <utility>
#include <vector>

namespace kvmkit::setup {

/// What dnf and zypper have in common: what they installed is known to rpm, and is taken back.
class RpmManager : public PackageManager {
public:
    RpmManager(Runner& runner, PackageLimits limits) : runner_(runner), limits_(std::move(limits)) {}

    [[nodiscard]] bool takes_back() const final { return true; }
    Result<void> check_removal(const std::vector<std::string>& names) final;
    Result<void> remove(const std::vector<std::string>& names) final;

protected:
    [[nodiscard]] Runner& runner() const { return runner_; }
    [[nodiscard]] const PackageLimits& limits() const { return limits_; }

private:
    /// All that would go with these, which are installed. Changes nothing.
    virtual Result<std::vector<std::string>> foresee_removal(const std::vector<std::string>& names) = 0;
    /// Removes these, which nothing else needs.
    virtual Result<void> carry_out_removal(const std::vector<std::string>& names) = 0;

    Runner& runner_;
    PackageLimits limits_;
};

}  // namespace kvmkit::setup
