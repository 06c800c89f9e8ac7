// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "accelerator.hpp"
#include "base/fact.hpp"
#include "cli/console.hpp"
#include "gate.hpp"
#include "launch_options.hpp"
#include "virt/address/search.hpp"
#include "virt/host/placement.hpp"
#include "virt/launch/boot_stages.hpp"
#include "virt/spec/decisions.hpp"
#include "virt/spec/domain_xml.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::vm_run {

/// planned: a dry run; started: nobody waited; ended: died, panicked or powered off while it was waited for.
enum class Outcome { planned, started, ready, not_ready, ended };

/// "planned", "started", "ready", "not-ready", "ended"
std::string_view word(Outcome outcome) noexcept;

/// What one launch came to.
struct LaunchReport {
    const virt::DomainPlan& plan;
    const Accelerator& accelerator;
    std::string uri;
    std::vector<StepTime> steps;
    Outcome outcome = Outcome::planned;
    std::string end_reason = {};                                   ///< Why it ended; empty while it runs.
    std::optional<std::chrono::milliseconds> boot = std::nullopt;  ///< From the first instruction to the boot sign.
    std::optional<std::string> ready_line = std::nullopt;
    std::optional<pid_t> qemu = std::nullopt;
    std::vector<virt::VcpuThread> threads = {};
    std::optional<LaunchGate> gate = std::nullopt;
    std::optional<Contention> contention = std::nullopt;
    std::vector<std::string> last_lines = {};  ///< Of the console, where it ended or was not ready.
    bool again = false;                        ///< It was there already, and off.
    bool on_trial = false;                     ///< It is removed, or off again, where it was not ready or ended.
    Wait wait = Wait::boot;
    std::optional<virt::Address> address = std::nullopt;
    std::vector<std::string> evidence = {};  ///< What was last seen, where it was not ready.
    std::vector<virt::Stage> stages = {};
    std::vector<virt::Decision> decisions = {};  ///< Of a dry run.
};

/// "ready", "not-ready", ...
std::string_view word(Outcome outcome) noexcept;

/// One launch as a record.
cli::Json record_of(const LaunchReport& report);

/// Prints the one record of --json.
void print_record(const cli::Console& console, const LaunchReport& report);

/// The summary for people; on standard error if the guest's console has standard output.
void print_summary(const cli::Console& console, const LaunchReport& report, const LaunchOptions& options);

/// Each choice with its reason, for --why.
void print_decisions(const cli::Console& console, const std::vector<virt::Decision>& decisions);

}  // namespace kvmkit::vm_run
