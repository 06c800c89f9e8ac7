// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "accelerator.hpp"
#include "cleanup.hpp"
#include "cli/tool.hpp"
#include "guardian.hpp"
#include "launch_options.hpp"
#include "launch_report.hpp"
#include "system/signals.hpp"
#include "txn/lock.hpp"
#include "virt/launch/plan.hpp"
#include "virt/launch/session.hpp"
#include "virt/libvirt/event_loop.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::vm_run {

/// One launch from its options to its end. Everything it makes stands in its journal before it is made; what it does
/// not keep is removed when it ends, and by its guardian or the next vm-run if it is killed.
class Launcher {
public:
    /// Watches signals from here on; nothing on the host is changed yet.
    static Result<std::unique_ptr<Launcher>> prepare(const LaunchOptions& options, const cli::Console& console);

    Launcher(const Launcher&) = delete;
    Launcher& operator=(const Launcher&) = delete;
    ~Launcher();

    Result<cli::ExitCode> run();

private:
    Launcher(const LaunchOptions& options, const cli::Console& console, Root root);

    Result<void> start_helpers();
    Result<void> connect();
    Result<void> look_before();
    Result<void> tidy_up();
    Result<cli::ExitCode> show_plan();
    Result<void> begin();
    Result<void> make();
    Result<void> make_driver();
    Result<void> make_steps(const std::vector<virt::Step>& steps);
    Result<cli::ExitCode> attend();
    Result<cli::ExitCode> conclude_boot(virt::Event event);
    cli::ExitCode stay();
    Result<cli::ExitCode> take_back(cli::ExitCode code);
    void report(Outcome outcome);
    std::string end_reason(virt::Event event);

    [[nodiscard]] bool ephemeral() const { return options_.spec.lifetime == virt::Lifetime::ephemeral; }

    const LaunchOptions& options_;
    const cli::Console& console_;
    txn::Places places_ = txn::default_places();
    Root root_;
    SystemRunner runner_;
    std::optional<SignalWatch> signals_;
    std::optional<Guardian> guardian_;
    std::unique_ptr<virt::EventLoop> loop_;
    Accelerator accelerator_;
    std::string uri_;
    virt::DomainPlan plan_;
    std::vector<std::string> described_;  ///< The steps, for people.
    std::optional<txn::Lock> lock_;
    virt::World world_;
    std::optional<txn::Journal> journal_;
    std::unique_ptr<virt::Session> session_;
    Deadline::Clock::time_point started_;
    std::optional<std::chrono::milliseconds> boot_time_;
    std::string end_reason_;
};

}  // namespace kvmkit::vm_run
