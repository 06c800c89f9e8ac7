// SPDX-License-Identifier: Apache-2.0
#include "launcher.hpp"

#include "bridge_ports.hpp"
#include "connect.hpp"
#include "locked_disk.hpp"
#include "txn/execute.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>

#include <fmt/format.h>

namespace kvmkit::vm_run {

using cli::ExitCode;

Launcher::Launcher(const LaunchOptions& options, const cli::Console& console, Root root)
    : options_(options),
      console_(console),
      root_(std::move(root)),
      uri_(options.uri.value_or(default_uri())),
      plan_(virt::make_plan(options.spec, places_, options.existing ? options.existing->uuid : virt::new_uuid())),
      steps_(console, options.spec.name.str(), options.progress),
      world_(root_, runner_)
{
    world_.use_ports(bridge_ports([this] { return helpers_.signals && helpers_.signals->caught().has_value(); }));
}

Result<std::unique_ptr<Launcher>> Launcher::prepare(const LaunchOptions& options, const cli::Console& console)
{
    auto root = Root::open("/");
    if (!root) {
        return root.error();
    }
    std::unique_ptr<Launcher> launcher{new Launcher{options, console, std::move(*root)}};
    auto accelerator = options.existing ? Result<Accelerator>{accelerator_of(options.spec)}
                                        : choose_accelerator(options, launcher->root_);
    if (!accelerator) {
        return accelerator.error();
    }
    auto chosen = launcher->choose_hardware(std::move(*accelerator));
    return chosen ? Result<std::unique_ptr<Launcher>>{std::move(launcher)} : chosen.error();
}

Result<std::unique_ptr<Launcher>> Launcher::prepare(const LaunchOptions& options,
                                                    const cli::Console& console,
                                                    const Crew& crew,
                                                    std::size_t number)
{
    auto root = Root::open("/");
    if (!root) {
        return root.error();
    }
    std::unique_ptr<Launcher> launcher{new Launcher{options, console, std::move(*root)}};
    launcher->crew_ = &crew;
    launcher->world_.use_connection(crew.connections[number % crew.connections.size()]);
    if (options.existing && options.existing->why_not) {
        return *options.existing->why_not;
    }
    auto chosen = launcher->choose_hardware(options.existing ? accelerator_of(options.spec) : crew.accelerator);
    return chosen ? Result<std::unique_ptr<Launcher>>{std::move(launcher)} : chosen.error();
}

/// What of the description follows from who runs the guest's instructions, and from where its disks lie.
Result<void> Launcher::choose_hardware(Accelerator accelerator)
{
    accelerator_ = std::move(accelerator);
    if (options_.existing) {
        return {};
    }
    plan_.spec.type = accelerator_.type;
    auto cpu = plan_cpu(accelerator_, options_.spec.hardware);
    if (!cpu) {
        return cpu.error();
    }
    plan_.cpu = std::move(*cpu);
    if (accelerator_.type == virt::DomainType::test) {  // the test driver's VMs have no disk to read a seed from
        plan_.seed.reset();
    }
    virt::tune_disks(plan_, root_, virt::leads_to_this_host(uri_));
    return {};
}

/// Nothing is left to guard if the journal ended, or never began.
Launcher::~Launcher()
{
    if (helpers_.guardian && (!journal_ || !journal_->record().open())) {
        helpers_.guardian->dismiss();
    }
}

Result<ExitCode> Launcher::run()
{
    if (options_.show == Show::xml) {
        if (auto foreseen = foresee_networks(); !foreseen) {
            return foreseen.error();
        }
        console_.out << virt::to_domain_xml(plan_);
        return ExitCode::ok;
    }
    if (auto ready = start_helpers(); !ready) {
        return ready.error();
    }
    if (options_.show == Show::steps) {
        auto looked = look_before();
        return looked ? show_plan() : looked.error();
    }
    if (crew_ != nullptr) {
        crew_->turns->acquire();
    }
    auto created = create();
    if (crew_ != nullptr) {
        crew_->turns->release();
    }
    return created ? attend() : created.error();
}

/// From a look at the host to a guest that executes.
Result<void> Launcher::create()
{
    if (helpers_.signals->caught()) {
        return Error{ErrorCode::interrupted, "interrupted"};
    }
    if (auto looked = look_before(); !looked) {
        return looked;
    }
    if (auto begun = begin(); !begun) {
        return begun;
    }
    return make();
}

/// One of several hears of signals from whoever leads them.
Result<void> Launcher::start_helpers()
{
    if (crew_ == nullptr) {
        return helpers_.start(options_);
    }
    UniqueFd raised{::fcntl(crew_->raised, F_DUPFD_CLOEXEC, 0)};
    if (!raised) {
        return errno_error(errno, "cannot watch signals");
    }
    helpers_.signals.emplace(SignalWatch::relay(std::move(raised)));
    return {};
}

/// What dead launches left is removed first: it may sit on the name that we want.
Result<void> Launcher::tidy_up()
{
    const auto cleanup = undo_dead_launches(places_, world_);
    if (!cleanup && cleanup.error().code == ErrorCode::locked) {
        return {};  // somebody else tidies up right now
    }
    if (!cleanup) {
        return cleanup.error();
    }
    for (const auto& id : cleanup->undone) {
        console_.note(fmt::format("removed what the killed run {} left behind", id));
    }
    for (const auto& sentence : cleanup->failed) {
        console_.warn(fmt::format("of an earlier launch: {}", sentence));
    }
    return {};
}

Result<void> Launcher::begin()
{
    if (accelerator_.fallback && crew_ == nullptr) {
        console_.warn(
            fmt::format("guests run on TCG, QEMU's emulator, many times slower than KVM: {}", accelerator_.why));
    }
    auto lock = txn::Lock::acquire(places_, lock_name(options_.spec.name), options_.command_line);
    if (!lock) {
        return lock.error();
    }
    lock_.emplace(std::move(*lock));
    if (auto tidied = crew_ == nullptr ? tidy_up() : Result<void>{}; !tidied) {
        return tidied;
    }
    auto journal = txn::Journal::begin(places_, {tool_name, options_.command_line});
    if (!journal) {
        return journal.error();
    }
    journal_.emplace(std::move(*journal));
    plan_.transaction = journal_->id();
    return {};
}

std::vector<virt::Step> Launcher::all_steps() const
{
    auto steps = virt::network_steps(networks_.to_start, uri_);
    std::ranges::move(options_.existing ? virt::start_steps(plan_, uri_) : virt::launch_steps(plan_, uri_),
                      std::back_inserter(steps));
    return steps;
}

Result<void> Launcher::make()
{
    if (virt::driver_root_of(uri_)) {
        if (auto made = make_driver(); !made) {
            return made;
        }
    }
    if (auto made = make_steps(all_steps()); !made) {
        return made;
    }
    started_ = Deadline::Clock::now();
    contention_.emplace(root_, plan_.uuid);
    const bool on_trial = options_.wait.on_fail == OnFail::rollback && options_.wait.wait != Wait::none;
    return on_trial ? Result<void>{} : settle();
}

/// The embedded driver can only be asked who runs QEMU once its folder is there.
Result<void> Launcher::make_driver()
{
    if (auto made = make_steps({virt::MakeDriverRoot{*virt::driver_root_of(uri_)}}); !made) {
        return made;
    }
    const auto connection = world_.connection(uri_);
    auto checked = connection ? look_at_files(**connection) : connection.error();
    if (checked) {
        return checked;
    }
    const auto left = txn::roll_back(*journal_, world_);
    return with_remedy(txn::to_error({checked.error(), left}), uri_);
}

Result<void> Launcher::make_steps(const std::vector<virt::Step>& steps)
{
    const txn::Watch watch{.interrupted = [this] { return helpers_.signals->caught().has_value(); },
                           .announce = [this](const std::string& text) { steps_.begin(text); },
                           .made = [this] { steps_.end(); }};
    const auto outcome = txn::execute<virt::World>(*journal_, world_, steps, watch);
    steps_.end();
    console_.end_progress();
    if (!outcome.ok()) {
        return with_holder(with_launch_remedy(txn::to_error(outcome)), root_, uri_);
    }
    return {};
}

}  // namespace kvmkit::vm_run
