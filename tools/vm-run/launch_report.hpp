// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "accelerator.hpp"
#include "base/fact.hpp"
#include "cli/console.hpp"
#include "launch_options.hpp"
#include "virt/host/placement.hpp"
#include "virt/spec/domain_xml.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::vm_run {

/// planned: a dry run; started: nobody waited; ended: died, panicked or powered off while it was waited for.
enum class Outcome { planned, started, ready, not_ready, ended };

/// What one launch came to.
struct LaunchReport {
    const virt::DomainPlan& plan;
    const Accelerator& accelerator;
    std::string uri;
    std::vector<std::string> steps;
    Outcome outcome = Outcome::planned;
    std::string end_reason = {};                                   ///< Why it ended; empty while it runs.
    std::optional<std::chrono::milliseconds> boot = std::nullopt;  ///< From the first instruction to the boot sign.
    std::optional<std::string> ready_line = std::nullopt;
    std::optional<pid_t> qemu = std::nullopt;
    std::vector<virt::VcpuThread> threads = {};
    std::vector<std::string> last_lines = {};  ///< Of the console, where it ended or was not ready.
};

/// Prints the one record of --json.
void print_record(const cli::Console& console, const LaunchReport& report);

/// The summary for people; on standard error if the guest's console has standard output.
void print_summary(const cli::Console& console, const LaunchReport& report, const LaunchOptions& options);

}  // namespace kvmkit::vm_run
