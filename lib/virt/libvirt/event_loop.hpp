// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <atomic>
#include <memory>
#include <thread>

namespace kvmkit::virt {

/// libvirt's event loop on a thread of its own: events, console streams, keep-alive and the embedded driver need it.
/// Made before the first connection and dropped after the last one; one in a process at a time.
class EventLoop {
public:
    static Result<std::unique_ptr<EventLoop>> start();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();

private:
    EventLoop() = default;
    void run();

    int alarm_ = -1;  ///< A timer that wakes the loop.
    std::atomic<bool> stopping_ = false;
    std::thread thread_;
};

}  // namespace kvmkit::virt
