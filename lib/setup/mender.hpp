// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/domain.hpp"
#include "setup/mend.hpp"
#include "system/runner.hpp"
#include "txn/execute.hpp"
#include "txn/lock.hpp"

#include <filesystem>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// Who mends, and where it is written down.
struct MendRequest {
    std::string command_line;  ///< For the journal and the locks.
    txn::Places places;
    std::filesystem::path top = "/";  ///< The host's root directory; tests give a folder.
};

/// One transaction of kvm-check --fix, over as many rounds of looking and mending as it takes. Whoever drops it before
/// close() leaves what undo() or the next Mender takes back. Root.
class Mender {
public:
    /// Takes the locks, and undoes first what a killed run left: `undone` says so. ErrorCode::locked: somebody changes
    /// this host now.
    static Result<Mender> open(Runner& runner, MendRequest request, std::vector<std::string>& undone);

    /// Makes the steps. On a failure, or when `watch` says that the user interrupted, everything is undone.
    Result<void> make(const std::vector<Step>& steps, const txn::Watch& watch);

    /// Takes everything back and says so in the error: `message` is what was found.
    Error undo(std::string message);

    /// Ends the transaction: nothing is to be taken back any more. Returns its id; empty where no step was made.
    std::string close();

    [[nodiscard]] const std::vector<Step>& made() const noexcept { return made_; }

private:
    Mender(Runner& runner, MendRequest request, txn::Lock own, txn::Lock shared)
        : request_(std::move(request)),
          own_(std::move(own)),
          shared_(std::move(shared)),
          domain_({.runner = runner, .top = request_.top})
    {
    }
    Result<void> begin();

    MendRequest request_;
    txn::Lock own_;
    txn::Lock shared_;
    HostDomain domain_;
    std::optional<txn::Journal> journal_;
    std::vector<Step> made_;
};

}  // namespace kvmkit::setup
