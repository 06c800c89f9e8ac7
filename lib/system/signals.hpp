// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"

#include <chrono>
#include <optional>

namespace kvmkit {

/// Turns SIGINT, SIGTERM and SIGHUP into a question that a program asks between two steps, instead of a death in the
/// middle of one. Blocks them in this process while it lives; children get them unblocked (see Runner). One at a time.
class SignalWatch {
public:
    static Result<SignalWatch> open();
    /// One that hears of a signal from another watch: caught as soon as somebody makes the descriptor readable. Blocks
    /// and reads nothing, so that there may be many.
    static SignalWatch relay(UniqueFd raised) noexcept;
    SignalWatch(SignalWatch&& other) noexcept = default;
    SignalWatch& operator=(SignalWatch&& other) noexcept = default;
    SignalWatch(const SignalWatch&) = delete;
    SignalWatch& operator=(const SignalWatch&) = delete;
    ~SignalWatch();

    /// The signal that came first since the watch was opened, or none. Never blocks; remembers its answer.
    [[nodiscard]] std::optional<int> caught();

    /// Waits for that time; false: a signal came first.
    bool sleep_until(std::chrono::steady_clock::time_point end);

    /// Readable once a signal is pending: for poll(2).
    [[nodiscard]] int fd() const noexcept { return fd_.get(); }

private:
    explicit SignalWatch(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
    UniqueFd fd_;
    bool relayed_ = false;
    std::optional<int> caught_;
};

}  // namespace kvmkit
