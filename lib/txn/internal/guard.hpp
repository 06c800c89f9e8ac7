// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "txn/watchdog.hpp"

namespace kvmkit::txn {

/// The process that makes the change.
struct Applier {
    UniqueFd talk;  ///< Its end closes when it dies.
    pid_t pid = 0;
    UniqueFd process;  ///< A pidfd; none before Linux 5.3.
};

/// The watchdog's own side: waits for the applier, for askers and for the deadline, and acts. Lives in the forked
/// process.
class Guard {
public:
    Guard(const Duty& duty, Applier applier, UniqueFd askers);

    /// Says that it is ready, and returns once the transaction has ended.
    void watch();

private:
    void hear_applier();
    void serve_asker();
    std::string answer_to(const std::string& words);
    std::string extended_by(const std::string& seconds);
    void end(Verdict::Kind wanted);
    /// Kills one that is still at work, and may stand still. False: it lives.
    bool kill_applier();
    void tell_applier(char word, const std::string& text);
    [[nodiscard]] std::int64_t left_ms() const;

    const Duty& duty_;
    Applier applier_;
    UniqueFd askers_;
    bool applied_ = false;
    bool ended_ = false;
    std::int64_t deadline_ms_ = 0;  ///< CLOCK_BOOTTIME: a host that slept must not wake up unreachable.
    Verdict verdict_;
};

/// Makes the calling process independent of the terminal, the session and their signals.
void leave_the_session();

}  // namespace kvmkit::txn
