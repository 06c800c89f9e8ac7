// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/package_manager.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kvmkit::setup {

/// zypper, whose exit codes say more than yes and no: 106 and 107 may both be a success and a failure.
class Zypper final : public PackageManager {
public:
    Zypper(Runner& runner, AptLimits limits) : runner_(runner), limits_(std::move(limits)) {}

    Result<std::vector<std::string>> update() override;
    Result<std::map<std::string, std::string>> candidates(const std::vector<std::string>& names) override;
    Result<Price> price(const std::vector<std::string>& names) override;
    Result<void> install(const std::vector<std::string>& names, const OnProgress& on_progress) override;
    [[nodiscard]] bool takes_back() const override { return true; }
    Result<void> check_removal(const std::vector<std::string>& names) override;
    Result<void> remove(const std::vector<std::string>& names) override;

private:
    /// `wait`: for as long as the limits say where somebody holds its lock.
    Result<Completed> run(const std::vector<std::string>& words,
                          std::chrono::seconds wait,
                          const OnProgress& on_progress = {});
    [[nodiscard]] Error failure(std::string_view doing, const Completed& ended) const;

    Runner& runner_;
    AptLimits limits_;
};

}  // namespace kvmkit::setup
