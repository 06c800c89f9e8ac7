// SPDX-License-Identifier: Apache-2.0
#include "txn/scope.hpp"

#include <fmt/format.h>

namespace kvmkit::txn {

Result<void> move_to_own_scope(Runner& runner, pid_t pid, const std::string& unit, const std::filesystem::path& root)
{
    std::error_code problem;
    if (!std::filesystem::is_directory(root / "run/systemd/system", problem)) {
        return {};
    }
    ChildCommand command{{"busctl",
                          "call",
                          "org.freedesktop.systemd1",
                          "/org/freedesktop/systemd1",
                          "org.freedesktop.systemd1.Manager",
                          "StartTransientUnit",
                          "ssa(sv)a(sa(sv))",
                          unit,
                          "fail",
                          "2",
                          "PIDs",
                          "au",
                          "1",
                          fmt::format("{}", pid),
                          "Slice",
                          "s",
                          "system.slice",
                          "0"}};
    command.timeout = std::chrono::seconds{5};
    const auto done = runner.run(command);
    if (done && done->status == 0) {
        return {};
    }
    return Error{ErrorCode::external,
                 fmt::format("cannot give the watchdog a cgroup of its own: {}",
                             done ? done->err.substr(0, done->err.find('\n')) : done.error().message)};
}

}  // namespace kvmkit::txn
