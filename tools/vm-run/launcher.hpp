// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "accelerator.hpp"
#include "cleanup.hpp"
#include "cli/tool.hpp"
#include "gate.hpp"
#include "helpers.hpp"
#include "launch_options.hpp"
#include "launch_report.hpp"
#include "network_check.hpp"
#include "readiness.hpp"
#include "step_times.hpp"
#include "txn/lock.hpp"
#include "virt/host/offer.hpp"
#include "virt/launch/boot_stages.hpp"
#include "virt/launch/plan.hpp"
#include "virt/launch/session.hpp"
#include "virt/spec/decisions.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <semaphore>
#include <set>
#include <string>
#include <vector>

namespace kvmkit::vm_run {

/// What the launches of one process share. One that stands alone has none.
struct Crew {
    Accelerator accelerator;
    std::optional<LaunchGate> gate = std::nullopt;  ///< Judged for all of them together.
    /// Those to libvirt that all use, dealt out in turn.
    std::vector<std::shared_ptr<const virt::Connection>> connections = {};
    std::optional<virt::Offer> offer = std::nullopt;  ///< Absent: libvirt's test driver.
    virt::FileHandling files = {};
    NetworkChoice network = {};                  ///< Of those for which nobody named networks.
    std::set<std::string> names = {};            ///< Of all VMs that libvirt knew before the first was made.
    int raised = -1;                             ///< Readable once a signal was caught.
    std::counting_semaphore<>* turns = nullptr;  ///< Taken while libvirt is asked to make something.
    bool hold = false;                           ///< No journal is closed before all are made.
    std::function<void(const LaunchReport&)> on_report = {};
};

/// One launch from its options to its end. Everything it makes stands in its journal before it is made; what it does
/// not keep is removed when it ends, and by its guardian or the next vm-run if it is killed.
class Launcher {
public:
    /// Watches signals from here on; nothing on the host is changed yet.
    static Result<std::unique_ptr<Launcher>> prepare(const LaunchOptions& options, const cli::Console& console);

    /// The same as one of several, each in a thread of its own, counted from 0.
    static Result<std::unique_ptr<Launcher>> prepare(const LaunchOptions& options,
                                                     const cli::Console& console,
                                                     const Crew& crew,
                                                     std::size_t number);

    Launcher(const Launcher&) = delete;
    Launcher& operator=(const Launcher&) = delete;
    ~Launcher();

    Result<cli::ExitCode> run();

    /// Of one that was held: lets the VM stay for good, or removes it.
    Result<void> keep();
    std::vector<std::string> undo();
    /// Whether something is still to be undone.
    [[nodiscard]] bool open() const { return journal_ && journal_->record().open(); }

private:
    Launcher(const LaunchOptions& options, const cli::Console& console, Root root);

    Result<void> choose_hardware(Accelerator accelerator);
    Result<void> create();
    Result<void> start_helpers();
    Result<void> connect();
    Result<void> look_before();
    Result<void> look_at_host();
    Result<void> look_at_networks();
    Result<void> use_networks(const NetworkChoice& choice);
    Result<void> choose_networks();
    Result<void> foresee_networks();
    Result<void> look_at_hardware(const virt::Connection& connection);
    Result<void> look_at_existing(const virt::Connection& connection);
    Result<void> look_at_files(const virt::Connection& connection);
    [[nodiscard]] std::vector<virt::Decision> decisions() const;
    Result<void> tidy_up();
    Result<cli::ExitCode> show_plan();
    Result<void> begin();
    [[nodiscard]] std::vector<virt::Step> all_steps() const;
    Result<void> make();
    Result<void> make_driver();
    Result<void> make_steps(const std::vector<virt::Step>& steps);
    Result<cli::ExitCode> attend();
    Result<virt::Event> wait();
    Result<cli::ExitCode> conclude(virt::Event event);
    Result<cli::ExitCode> conclude_ready(virt::Event event);
    void look_at_seed();
    Result<void> settle();
    [[nodiscard]] std::chrono::milliseconds since_start() const;
    [[nodiscard]] std::vector<virt::Stage> stages() const;
    cli::ExitCode stay();
    Result<cli::ExitCode> take_back(cli::ExitCode code);
    void report(Outcome outcome);
    std::string end_reason(virt::Event event);

    [[nodiscard]] bool ephemeral() const { return options_.spec.lifetime == virt::Lifetime::ephemeral; }

    const LaunchOptions& options_;
    const cli::Console& console_;
    const Crew* crew_ = nullptr;
    txn::Places places_ = txn::default_places();
    Root root_;
    SystemRunner runner_;
    Helpers helpers_;
    Accelerator accelerator_;
    std::string uri_;
    virt::DomainPlan plan_;
    NetworkPlan networks_;
    std::string network_why_;  ///< Where nobody named networks: why these.
    StepTimes steps_;
    std::optional<txn::Lock> lock_;
    virt::World world_;
    std::optional<txn::Journal> journal_;
    std::unique_ptr<virt::Session> session_;
    std::optional<LaunchGate> gate_;
    std::optional<ContentionWatch> contention_;
    Deadline::Clock::time_point started_;
    std::unique_ptr<Readiness> readiness_;
    virt::BootStages boot_stages_;
    virt::BootMarks marks_;
    std::vector<std::string> evidence_;
    std::string end_reason_;
};

}  // namespace kvmkit::vm_run
