// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "cli/console.hpp"

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::vm_run {

/// One step of a launch for people and records; absent time: a dry run.
struct StepTime {
    std::string step;
    std::optional<std::chrono::milliseconds> took = std::nullopt;
    std::vector<std::string> by_hand = {};  ///< Of a dry run: the equal commands.
    bool with_previous = false;             ///< Made at the same time as the one before it: `took` is that of both.
};

/// How progress is told: a line for people, or one JSON object a line on standard error.
enum class Progress { text, json };

/// Tells each step as it begins, and how long it took.
class StepTimes {
public:
    StepTimes(const cli::Console& console, std::string vm, Progress progress)
        : console_(console), vm_(std::move(vm)), progress_(progress)
    {
    }

    void plan(const std::string& step, std::vector<std::string> by_hand)
    {
        all_.push_back({step, std::nullopt, std::move(by_hand)});
    }
    /// Of one that goes together with those that began and did not end.
    void begin(const std::string& step);
    /// Of all that are under way.
    void end();
    /// A mark that is no step: "ready", "not-ready".
    void mark(std::string_view state) const;
    [[nodiscard]] const std::vector<StepTime>& all() const noexcept { return all_; }

private:
    void tell(const std::string& step, std::string_view state, std::optional<std::chrono::milliseconds> took) const;

    const cli::Console& console_;
    std::string vm_;
    Progress progress_;
    Deadline::Clock::time_point start_ = Deadline::Clock::now();
    Deadline::Clock::time_point began_;  ///< The first of those that are under way.
    std::size_t under_way_ = 0;          ///< The last ones of all_.
    std::vector<StepTime> all_;
};

}  // namespace kvmkit::vm_run
