// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/watchdog.hpp"

#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>

namespace kvmkit::kvm {
namespace {

/// What the signal handler writes to. A signal carries no safe pointer to a C++ object, so it is global.
std::atomic<struct kvm_run*> watched = nullptr;
static_assert(std::atomic<struct kvm_run*>::is_always_lock_free);

void on_timer(int /*signal*/)
{
    if (struct kvm_run* run = watched.load()) {
        run->immediate_exit = 1;
    }
}

void take_signal_over() noexcept
{
    struct sigaction action {};
    action.sa_handler = on_timer;
    ::sigaction(SIGRTMIN, &action, nullptr);
    sigset_t ours;
    ::sigemptyset(&ours);
    ::sigaddset(&ours, SIGRTMIN);
    ::pthread_sigmask(SIG_UNBLOCK, &ours, nullptr);
}

timespec as_timespec(std::chrono::nanoseconds time) noexcept
{
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    return {.tv_sec = seconds.count(), .tv_nsec = static_cast<long>((time - seconds).count())};
}

}  // namespace

Watchdog::Watchdog(struct kvm_run* run, std::chrono::milliseconds budget) noexcept
{
    run->immediate_exit = 0;
    watched = run;
    take_signal_over();
    struct sigevent event {};
    event.sigev_notify = SIGEV_THREAD_ID;
    event.sigev_signo = SIGRTMIN;
    event._sigev_un._tid = static_cast<pid_t>(::syscall(SYS_gettid));  // glibc has no public name for the member
    created_ = ::timer_create(CLOCK_MONOTONIC, &event, &timer_) == 0;
    const itimerspec when{.it_interval = as_timespec(std::chrono::milliseconds{5}), .it_value = as_timespec(budget)};
    armed_ = created_ && ::timer_settime(timer_, 0, &when, nullptr) == 0;
}

Watchdog::~Watchdog()
{
    if (created_) {
        ::timer_delete(timer_);
    }
    watched = nullptr;
}

}  // namespace kvmkit::kvm
