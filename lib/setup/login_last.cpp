// SPDX-License-Identifier: Apache-2.0
#include "setup/login_last.hpp"

#include "setup/ssh/sshd.hpp"
#include "setup/ssh/trial.hpp"

#include <fmt/format.h>

namespace kvmkit::setup {

Result<std::vector<Step>> foresee_root_login(Runner& runner, const Request& request)
{
    if (!request.root_login) {
        return std::vector<Step>{};
    }
    const auto root = Root::open(request.top);
    const auto ready = root ? prepare_sshd(*root) : Result<void>{root.error()};
    auto plan = ready ? plan_root_login(runner, *root, request.root_login->wish) : Result<RootLoginPlan>{ready.error()};
    return plan ? Result<std::vector<Step>>{std::move(plan->steps)} : std::move(plan).error();
}

Result<Done> let_root_in(Runner& runner, const Request& request, const Talk& talk, Done done)
{
    const RootLoginRequest order{*request.root_login, request.command_line, request.places, request.limits};
    auto login = change_root_login_locked(runner, order, talk);
    if (login) {
        done.root_login = std::move(*login);
        return done;
    }
    Error error = std::move(login).error();
    if (!done.transaction.empty()) {
        error.code = error.code == ErrorCode::rolled_back ? error.code : ErrorCode::damaged;
        error.message += fmt::format("\nall else is made and stays: transaction {}", done.transaction);
    }
    return error;
}

}  // namespace kvmkit::setup
