// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <chrono>
#include <string_view>

namespace kvmkit {

/// A point on the monotonic clock after which waiting stops. Passed down instead of a duration, so that the waits of
/// one operation share one budget.
class Deadline {
public:
    using Clock = std::chrono::steady_clock;

    static Deadline after(std::chrono::milliseconds budget) { return Deadline{Clock::now() + budget}; }

    [[nodiscard]] bool passed() const { return Clock::now() >= end_; }

    /// What is left, never negative; rounded up, so that a poll() with it does not spin.
    [[nodiscard]] std::chrono::milliseconds left() const
    {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(end_ - Clock::now());
        return rest.count() > 0 ? rest : std::chrono::milliseconds{0};
    }

private:
    explicit Deadline(Clock::time_point end) : end_(end) {}
    Clock::time_point end_;
};

/// Reads "90s", "2m", "1h", "250ms" or plain seconds.
Result<std::chrono::milliseconds> parse_duration(std::string_view text);

}  // namespace kvmkit
