// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// Which part of a guest's boot an output of its console belongs to. Pure: fed with bytes and the time since the first
/// instruction.
class BootStages {
public:
    using Time = std::chrono::milliseconds;

    void feed(std::string_view bytes, Time since_start);

    /// The first byte that is not the firmware's: the kernel speaks, or with "quiet" what it started.
    [[nodiscard]] std::optional<Time> kernel() const noexcept { return kernel_; }
    /// The first line of a program: its kernel has done its part.
    [[nodiscard]] std::optional<Time> init() const noexcept { return init_; }

private:
    void end_line(Time since_start);

    std::string line_;
    std::optional<Time> kernel_;
    std::optional<Time> init_;
};

/// How long one part of a launch took.
struct Stage {
    std::string name;  ///< "define", "overlay", "start", "firmware", "kernel", "init", "network", "ready"
    std::chrono::milliseconds took{0};
};

/// The marks of a boot, each since the first instruction, as the stages between them. What was not seen is left out;
/// its time belongs to the next one that was.
struct BootMarks {
    std::optional<std::chrono::milliseconds> kernel = std::nullopt;
    std::optional<std::chrono::milliseconds> init = std::nullopt;
    std::optional<std::chrono::milliseconds> booted = std::nullopt;
    std::optional<std::chrono::milliseconds> address = std::nullopt;
    std::optional<std::chrono::milliseconds> ready = std::nullopt;
};
std::vector<Stage> stages_of(const BootMarks& marks);

}  // namespace kvmkit::virt
