// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include <linux/kvm.h>
#include <time.h>

namespace kvmkit::kvm {

/// Takes the vCPU out of KVM_RUN once `budget` is over, however it spins: a timer signal to this thread sets
/// immediate_exit, so that it is not lost if it comes just before the call, and repeats. One at a time per process;
/// takes SIGRTMIN over.
class Watchdog {
public:
    Watchdog(struct kvm_run* run, std::chrono::milliseconds budget) noexcept;
    Watchdog(const Watchdog&) = delete;
    Watchdog& operator=(const Watchdog&) = delete;
    ~Watchdog();

    /// Whether the timer was made; without it nothing may be run.
    [[nodiscard]] bool armed() const noexcept { return armed_; }

private:
    timer_t timer_{};
    bool created_ = false;
    bool armed_ = false;
};

}  // namespace kvmkit::kvm
