// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/package_manager.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kvmkit::setup {

/// dnf 4. It is never asked to wait for a lock by itself, which it would do for ever: who holds one is waited for as
/// long as the limits say.
class Dnf final : public PackageManager {
public:
    Dnf(Runner& runner, AptLimits limits) : runner_(runner), limits_(std::move(limits)) {}

    Result<std::vector<std::string>> update() override;
    Result<std::map<std::string, std::string>> candidates(const std::vector<std::string>& names) override;
    Result<Price> price(const std::vector<std::string>& names) override;
    Result<void> install(const std::vector<std::string>& names, const OnProgress& on_progress) override;
    [[nodiscard]] bool takes_back() const override { return true; }
    Result<void> check_removal(const std::vector<std::string>& names) override;
    Result<void> remove(const std::vector<std::string>& names) override;

private:
    /// `words` follow the options that every run has.
    Result<Completed> ask(const std::vector<std::string>& words, const OnProgress& on_progress = {});

    /// The same, tried again while somebody holds a lock.
    Result<Completed> change(const std::vector<std::string>& words, const OnProgress& on_progress = {});
    [[nodiscard]] Error failure(std::string_view doing, const Completed& ended) const;

    Runner& runner_;
    AptLimits limits_;
};

}  // namespace kvmkit::setup
