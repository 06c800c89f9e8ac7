// SPDX-License-Identifier: Apache-2.0
#include "virt/libvirt/event_loop.hpp"

#include "virt/libvirt/libvirt_error.hpp"

#include <libvirt/libvirt.h>

#include <csignal>
#include <system_error>

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

/// A thread inherits the mask: signals are for the thread that asks for them, also where it asks later than this.
class AllSignalsBlocked {
public:
    AllSignalsBlocked()
    {
        sigset_t all;
        (void)sigfillset(&all);
        (void)::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    AllSignalsBlocked(const AllSignalsBlocked&) = delete;
    AllSignalsBlocked& operator=(const AllSignalsBlocked&) = delete;
    ~AllSignalsBlocked() { (void)::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
    sigset_t before_{};
};

}  // namespace

Result<std::unique_ptr<EventLoop>> EventLoop::start()
{
    if (virEventRegisterDefaultImpl() < 0) {
        return last_libvirt_error("cannot start libvirt's event loop");
    }
    std::unique_ptr<EventLoop> loop{new EventLoop};
    loop->alarm_ = virEventAddTimeout(
        -1, [](int /*timer*/, void* /*data*/) {}, nullptr, nullptr);
    if (loop->alarm_ < 0) {
        return last_libvirt_error("cannot start libvirt's event loop");
    }
    const AllSignalsBlocked blocked;
    try {
        loop->thread_ = std::thread{[self = loop.get()] { self->run(); }};
    } catch (const std::system_error& problem) {
        return errno_error(problem.code().value(), "cannot start a thread");
    }
    return loop;
}

EventLoop::~EventLoop()
{
    stopping_ = true;
    if (alarm_ >= 0) {
        virEventUpdateTimeout(alarm_, 0);
    }
    if (thread_.joinable()) {
        thread_.join();
    }
    if (alarm_ >= 0) {
        (void)virEventRemoveTimeout(alarm_);
    }
}

void EventLoop::run()
{
    while (!stopping_ && virEventRunDefaultImpl() == 0) {
    }
}

}  // namespace kvmkit::virt
