// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/reverting_manager.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// zypper, whose exit codes say more than yes and no: 106 and 107 may both be a success and a failure.
class Zypper final : public RevertingManager {
public:
    using RevertingManager::RevertingManager;

    Result<std::vector<std::string>> update() override;
    Result<std::map<std::string, std::string>> candidates(const std::vector<std::string>& names) override;
    Result<Price> price(const std::vector<std::string>& names) override;
    Result<void> install(const std::vector<std::string>& names, const OnProgress& on_progress) override;

    /// One run, which asks nothing. It waits so long for a lock that somebody holds.
    Result<Completed> run(const std::vector<std::string>& words,
                          std::chrono::seconds wait,
                          const OnProgress& on_progress = {});

    /// Why a run failed; ErrorCode::timeout: another manager holds a lock.
    [[nodiscard]] Error failure(std::string_view doing, const Completed& ended) const;

private:
    Result<std::vector<std::string>> present(const std::vector<std::string>& names) override;
    Result<std::vector<std::string>> foresee_removal(const std::vector<std::string>& names) override;
    Result<void> carry_out_removal(const std::vector<std::string>& names) override;
};

}  // namespace kvmkit::setup
