// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/rpm_manager.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// dnf 4. It is never asked to wait for a lock by itself, which it would do for ever: who holds one is waited for as
/// long as the limits say.
class Dnf final : public RpmManager {
public:
    using RpmManager::RpmManager;

    Result<std::vector<std::string>> update() override;
    Result<std::map<std::string, std::string>> candidates(const std::vector<std::string>& names) override;
    Result<Price> price(const std::vector<std::string>& names) override;
    Result<void> install(const std::vector<std::string>& names, const OnProgress& on_progress) override;

private:
    Result<std::vector<std::string>> foresee_removal(const std::vector<std::string>& names) override;
    Result<void> carry_out_removal(const std::vector<std::string>& names) override;

    /// `words` follow the options that every run has.
    Result<Completed> ask(const std::vector<std::string>& words, const OnProgress& on_progress = {});

    /// The same, tried again while somebody holds a lock.
    Result<Completed> change(const std::vector<std::string>& words, const OnProgress& on_progress = {});
    [[nodiscard]] Error failure(std::string_view doing, const Completed& ended) const;
};

}  // namespace kvmkit::setup
