// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/reverting_manager.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kvmkit::setup {

/// Which dnf it is: they differ in options, in words and in what they do about locks.
enum class DnfGeneration { four, five };

/// dnf 4 or dnf5. dnf 4 is never asked to wait for a lock by itself, which it would do for ever: who holds one is
/// waited for as long as the limits say. dnf5 cannot be told not to wait: who holds a lock is looked for before.
class Dnf final : public RevertingManager {
public:
    Dnf(Runner& runner, PackageLimits limits, DnfGeneration generation = DnfGeneration::four)
        : RevertingManager(runner, std::move(limits)), generation_(generation)
    {
    }

    Result<std::vector<std::string>> update() override;
    Result<std::map<std::string, std::string>> candidates(const std::vector<std::string>& names) override;
    Result<Price> price(const std::vector<std::string>& names) override;
    Result<std::vector<std::string>> rest_of(const std::string& group) override;
    Result<void> install(const std::vector<std::string>& names, const OnProgress& on_progress) override;

    /// One run: `words` follow the options that every run has. dnf 4 is tried again while somebody holds a lock.
    Result<Completed> change(const std::vector<std::string>& words, const OnProgress& on_progress = {});

    /// What the talk of a run says of the transaction; absent where it did not come so far.
    [[nodiscard]] std::optional<Price> transaction(const Completed& ended) const;

    /// Why a run failed; ErrorCode::timeout: another manager holds a lock.
    [[nodiscard]] Error failure(std::string_view doing, const Completed& ended) const;

private:
    Result<std::vector<std::string>> present(const std::vector<std::string>& names) override;
    Result<std::vector<std::string>> foresee_removal(const std::vector<std::string>& names) override;
    Result<void> carry_out_removal(const std::vector<std::string>& names) override;

    /// As change(), once.
    Result<Completed> ask(const std::vector<std::string>& words, const OnProgress& on_progress = {});

    [[nodiscard]] bool is_fifth() const noexcept { return generation_ == DnfGeneration::five; }
    /// Not what is left without use by it: that is among the names, or was there before.
    [[nodiscard]] std::vector<std::string> removal(const std::vector<std::string>& names, const char* answer) const;

    DnfGeneration generation_;
};

}  // namespace kvmkit::setup
