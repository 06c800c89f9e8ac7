// SPDX-License-Identifier: Apache-2.0
#include "system/signals.hpp"

#include <poll.h>
#include <pthread.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace kvmkit {
namespace {

sigset_t watched_signals()
{
    sigset_t set;
    (void)sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        (void)sigaddset(&set, number);
    }
    return set;
}

}  // namespace

Result<SignalWatch> SignalWatch::open()
{
    const sigset_t set = watched_signals();
    if (const int problem = ::pthread_sigmask(SIG_BLOCK, &set, nullptr); problem != 0) {
        return errno_error(problem, "cannot block signals");
    }
    UniqueFd fd{::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK)};
    if (!fd) {
        return errno_error(errno, "cannot watch signals");
    }
    return SignalWatch{std::move(fd)};
}

SignalWatch SignalWatch::relay(UniqueFd raised) noexcept
{
    SignalWatch watch{std::move(raised)};
    watch.relayed_ = true;
    return watch;
}

SignalWatch::~SignalWatch()
{
    if (fd_ && !relayed_) {
        (void)caught();  // what came too late is taken off the queue, or it would kill us the moment it is unblocked
        const sigset_t set = watched_signals();
        (void)::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    }
}

std::optional<int> SignalWatch::caught()
{
    if (relayed_) {
        pollfd raised{fd_.get(), POLLIN, 0};
        return ::poll(&raised, 1, 0) == 1 ? std::optional{SIGINT} : std::nullopt;
    }
    signalfd_siginfo info{};
    while (::read(fd_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        if (!caught_) {
            caught_ = static_cast<int>(info.ssi_signo);
        }
    }
    return caught_;
}

bool SignalWatch::sleep_until(std::chrono::steady_clock::time_point end)
{
    using std::chrono::milliseconds;
    constexpr milliseconds longest{60'000};  // poll(2) counts in an int
    while (!caught()) {
        const auto left = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
        if (left <= milliseconds::zero()) {
            return true;
        }
        pollfd signal{fd_.get(), POLLIN, 0};
        (void)::poll(&signal, 1, static_cast<int>(std::min(left, longest).count()));
    }
    return false;
}

}  // namespace kvmkit
