// SPDX-License-Identifier: Apache-2.0
#include "step_times.hpp"

#include "cli/json.hpp"

namespace kvmkit::vm_run {
namespace {

std::chrono::milliseconds since(Deadline::Clock::time_point start)
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::Clock::now() - start);
}

}  // namespace

void StepTimes::begin(const std::string& step)
{
    const bool alone = under_way_++ == 0;
    if (alone) {
        began_ = Deadline::Clock::now();
    }
    all_.push_back({.step = step, .with_previous = !alone});
    tell(step, "begin", std::nullopt);
}

void StepTimes::end()
{
    for (; under_way_ > 0; --under_way_) {
        StepTime& ended = all_[all_.size() - under_way_];
        ended.took = since(began_);
        tell(ended.step, "done", ended.took);
    }
}

void StepTimes::mark(std::string_view state) const
{
    if (progress_ == Progress::json) {
        tell("", state, std::nullopt);
    }
}

void StepTimes::tell(const std::string& step,
                     std::string_view state,
                     std::optional<std::chrono::milliseconds> took) const
{
    if (progress_ == Progress::text) {
        if (!took) {
            console_.progress(step);
        }
        return;
    }
    const cli::Json line{{"schema", "kvmkit.vm-run.progress/1"},
                         {"t_ms", since(start_).count()},
                         {"vm", vm_},
                         {"step", step.empty() ? cli::Json(nullptr) : cli::Json(step)},
                         {"state", state},
                         {"ms", took ? cli::Json(took->count()) : cli::Json(nullptr)}};
    console_.err << line.dump(-1, ' ', false, cli::Json::error_handler_t::replace) << '\n' << std::flush;
}

}  // namespace kvmkit::vm_run
