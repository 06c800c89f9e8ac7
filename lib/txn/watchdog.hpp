// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/result.hpp"
#include "base/unique_fd.hpp"

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

namespace kvmkit::txn {

/// What a watchdog has to do, prepared by the domain before the first change. The functions run in the watchdog.
struct Duty {
    std::string id;                ///< Of the transaction: who confirms names it.
    std::filesystem::path socket;  ///< Where confirm, rollback, extend and status are asked for.
    std::chrono::milliseconds timeout = std::chrono::seconds{90};  ///< From applied() on.
    std::function<Result<void>()> keep;  ///< Ends the transaction: nothing is to be undone any more.
    std::function<Result<void>()> undo;  ///< Takes everything back; ErrorCode::damaged says what is left.
    std::function<void()> applied = {};  ///< The change is made; may be empty.
    /// It is to wait so long from now; it does not where that fails. May be empty.
    std::function<Result<void>(std::chrono::milliseconds left)> extended = {};
    std::function<void()> left_alone = {};  ///< The applier has died; the watchdog goes on. May be empty.
};

/// How a transaction under watch ended.
struct Verdict {
    enum class Kind { kept, undone, timed_out, damaged } kind = Kind::undone;
    std::string text = {};  ///< Of damaged: what is left. Of undone: why it could not be kept, if it was to be.
};

/// Nothing for a change that was kept, or its end as an error: ErrorCode::rolled_back or damaged.
Result<void> judged(const Verdict& verdict, std::chrono::milliseconds timeout);

/// A process beside ours that takes a change back when we die before it is applied, and when nobody confirms it in time
/// after that. It is ready before the first change, and outlives us, the terminal and the session: it ignores their
/// signals, and has a session and, where systemd runs, a cgroup of its own. It keeps the locks that we hold.
class Watchdog {
public:
    /// Returns once the watchdog is ready. On failure nothing was changed and nobody watches.
    static Result<Watchdog> arm(const Duty& duty);
    Watchdog(Watchdog&& other) noexcept;
    Watchdog& operator=(Watchdog&&) = delete;
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    ~Watchdog();

    /// All steps are made: from now on the deadline counts. Error: the watchdog is dead, so take it back yourself.
    Result<void> applied();

    /// The applier has undone everything, or there was nothing: the watchdog ends.
    void dismiss();

    /// Orders an end and waits for it. Error: the watchdog died, so take it back yourself.
    Result<Verdict> keep() { return order('K'); }
    Result<Verdict> undo() { return order('U'); }

    /// What the watchdog or somebody else decided. Waits for it.
    Result<Verdict> verdict();
    /// Readable once there is a verdict, or the watchdog died.
    [[nodiscard]] int fd() const noexcept { return pipe_.get(); }
    [[nodiscard]] pid_t pid() const noexcept { return pid_; }

private:
    Watchdog(pid_t pid, UniqueFd pipe) : pid_(pid), pipe_(std::move(pipe)) {}
    Result<Verdict> order(char what);
    void wait_for_its_end();

    pid_t pid_;
    UniqueFd pipe_;
};

/// Asks the watchdog behind a socket: "confirm ID", "rollback ID", "extend ID SECONDS", "status". Returns its answer. A
/// rollback of a change that is still being made kills who makes it, who may stand still, and takes it back.
/// ErrorCode::not_found: no change waits for an answer.
Result<std::string> ask_watchdog(const std::filesystem::path& socket, const std::string& words);

}  // namespace kvmkit::txn
