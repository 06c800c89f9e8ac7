// SPDX-License-Identifier: Apache-2.0
#include "launcher.hpp"

#include "bridge.hpp"
#include "connect.hpp"
#include "txn/execute.hpp"
#include "virt/libvirt/libvirt_error.hpp"

#include <csignal>

#include <fmt/format.h>

namespace kvmkit::vm_run {

using cli::ExitCode;

Launcher::Launcher(const LaunchOptions& options, const cli::Console& console, Root root)
    : options_(options),
      console_(console),
      root_(std::move(root)),
      uri_(options.uri.value_or(default_uri())),
      plan_(virt::make_plan(options.spec, places_)),
      world_(root_, runner_)
{
}

Result<std::unique_ptr<Launcher>> Launcher::prepare(const LaunchOptions& options, const cli::Console& console)
{
    auto root = Root::open("/");
    if (!root) {
        return root.error();
    }
    std::unique_ptr<Launcher> launcher{new Launcher{options, console, std::move(*root)}};
    const auto accelerator = choose_accelerator(options, launcher->root_);
    if (!accelerator) {
        return accelerator.error();
    }
    launcher->accelerator_ = *accelerator;
    launcher->plan_.spec.type = accelerator->type;
    return launcher;
}

/// Nothing is left to guard if the journal ended, or never began.
Launcher::~Launcher()
{
    if (guardian_ && (!journal_ || !journal_->record().open())) {
        guardian_->dismiss();
    }
}

Result<ExitCode> Launcher::run()
{
    if (options_.show == Show::xml) {
        console_.out << virt::to_domain_xml(plan_);
        return ExitCode::ok;
    }
    if (auto ready = start_helpers(); !ready) {
        return ready.error();
    }
    if (auto looked = look_before(); !looked) {
        return looked.error();
    }
    if (options_.show == Show::steps) {
        return show_plan();
    }
    if (auto begun = begin(); !begun) {
        return begun.error();
    }
    if (auto made = make(); !made) {
        return made.error();
    }
    return attend();
}

/// The guardian is forked before the first thread and the first lock; libvirt wants SIGPIPE ignored.
Result<void> Launcher::start_helpers()
{
    (void)std::signal(SIGPIPE, SIG_IGN);
    virt::silence_libvirt();
    auto signals = SignalWatch::open();
    if (!signals) {
        return signals.error();
    }
    signals_.emplace(std::move(*signals));
    if (ephemeral() && options_.show == Show::nothing) {
        auto guardian = Guardian::appoint();
        if (!guardian) {
            return guardian.error();
        }
        guardian_.emplace(std::move(*guardian));
    }
    auto loop = virt::EventLoop::start();
    if (!loop) {
        return loop.error();
    }
    loop_ = std::move(*loop);
    return {};
}

/// Falls back to the embedded driver where nobody asked for a certain one and no daemon answers.
Result<void> Launcher::connect()
{
    const auto connection = world_.connection(uri_);
    if (connection) {
        return {};
    }
    const bool no_daemon = connection.error().code == ErrorCode::not_found;
    if (!no_daemon || options_.uri || !ephemeral()) {
        return with_remedy(connection.error(), uri_);
    }
    uri_ = virt::embedded_uri(virt::new_driver_root(places_, plan_.uuid));
    console_.note("no libvirt daemon answers: the VM runs on libvirt's driver inside this process");
    return {};
}

/// Everything that can be known to fail before anything is changed.
Result<void> Launcher::look_before()
{
    const auto* network = std::get_if<virt::BridgeNetwork>(&options_.spec.network);
    if (network != nullptr && uri_.find(":///") != std::string::npos) {  // libvirt on another host has others
        if (auto there = check_bridge(network->bridge); !there) {
            return there;
        }
    }
    if (auto connected = connect(); !connected) {
        return connected;
    }
    if (virt::driver_root_of(uri_)) {
        return {};
    }
    const auto connection = world_.connection(uri_);
    if (!connection) {
        return connection.error();
    }
    if (auto free = virt::check_name_is_free(**connection, options_.spec.name.str()); !free) {
        return free;
    }
    return virt::check_access(plan_, **connection);
}

Result<ExitCode> Launcher::show_plan()
{
    if (const auto driver = virt::driver_root_of(uri_)) {
        described_.push_back(describe(virt::Step{virt::MakeDriverRoot{*driver}}));
    }
    for (const auto& step : virt::launch_steps(plan_, uri_)) {
        described_.push_back(describe(step));
    }
    report(Outcome::planned);
    if (!options_.json) {
        for (const auto& text : described_) {
            console_.out << fmt::format("  would {}\n", text);
        }
    }
    return ExitCode::no;
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
        console_.note(fmt::format("removed what killed launch {} left behind", id));
    }
    for (const auto& sentence : cleanup->failed) {
        console_.warn(fmt::format("of an earlier launch: {}", sentence));
    }
    return {};
}

Result<void> Launcher::begin()
{
    if (accelerator_.fallback) {
        console_.warn(
            fmt::format("guests run on TCG, QEMU's emulator, many times slower than KVM: {}", accelerator_.why));
    }
    auto lock = txn::Lock::acquire(places_, lock_name(options_.spec.name), options_.command_line);
    if (!lock) {
        return lock.error();
    }
    lock_.emplace(std::move(*lock));
    if (auto tidied = tidy_up(); !tidied) {
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

Result<void> Launcher::make()
{
    if (virt::driver_root_of(uri_)) {
        if (auto made = make_driver(); !made) {
            return made;
        }
    }
    if (auto made = make_steps(virt::launch_steps(plan_, uri_)); !made) {
        return made;
    }
    started_ = Deadline::Clock::now();
    if (!ephemeral()) {  // the VM runs: from now on only its user removes it
        if (auto closed = journal_->enter(txn::State::closed); !closed) {
            return txn::to_error({closed.error(), txn::roll_back(*journal_, world_)});
        }
    }
    (void)txn::prune(places_, tool_name);
    return {};
}

/// The embedded driver can only be asked who runs QEMU once its folder is there.
Result<void> Launcher::make_driver()
{
    if (auto made = make_steps({virt::MakeDriverRoot{*virt::driver_root_of(uri_)}}); !made) {
        return made;
    }
    const auto connection = world_.connection(uri_);
    Result<void> checked = connection ? virt::check_access(plan_, **connection) : connection.error();
    if (checked) {
        return checked;
    }
    const auto left = txn::roll_back(*journal_, world_);
    return with_remedy(txn::to_error({checked.error(), left}), uri_);
}

Result<void> Launcher::make_steps(const std::vector<virt::Step>& steps)
{
    const txn::Watch watch{.interrupted = [this] { return signals_->caught().has_value(); },
                           .announce =
                               [this](const std::string& text) {
                                   described_.push_back(text);
                                   console_.progress(text);
                               }};
    const auto outcome = txn::execute<virt::World>(*journal_, world_, steps, watch);
    console_.end_progress();
    if (!outcome.ok()) {
        return with_launch_remedy(txn::to_error(outcome));
    }
    return {};
}

}  // namespace kvmkit::vm_run
