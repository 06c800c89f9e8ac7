// SPDX-License-Identifier: Apache-2.0
#include "launcher.hpp"

#include "bridge_ports.hpp"
#include "connect.hpp"
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

/// Falls back to the embedded driver where nobody asked for a certain one and no daemon answers.
Result<void> Launcher::connect()
{
    const auto connection = world_.connection(uri_);
    if (connection) {
        return {};
    }
    const bool no_daemon = connection.error().code == ErrorCode::not_found;
    if (!no_daemon || options_.uri || !ephemeral() || crew_ != nullptr) {
        return with_remedy(connection.error(), uri_);
    }
    uri_ = virt::embedded_uri(virt::new_driver_root(places_, plan_.uuid));
    console_.note("no libvirt daemon answers: the VM runs on libvirt's driver inside this process");
    return {};
}

/// Everything that can be known to fail before anything is changed.
Result<void> Launcher::look_before()
{
    if (virt::leads_to_this_host(uri_)) {  // libvirt on another host has other links
        if (auto there = check_host_links(options_.spec.nics, networks_); !there) {
            return there;
        }
        if (auto free = check_forwards(options_.spec.nics); !free) {
            return free;
        }
    }
    plan_.learning_bridges = networks_.learning_bridges;
    if (auto connected = connect(); !connected) {
        return connected;
    }
    if (auto there = look_at_networks(); !there) {
        return there;
    }
    if (virt::driver_root_of(uri_)) {
        return look_at_host();
    }
    const auto connection = world_.connection(uri_);
    if (!connection) {
        return connection.error();
    }
    if (options_.existing) {
        auto off = look_at_existing(**connection);
        return off ? look_at_host() : off;
    }
    if (crew_ == nullptr || crew_->names.contains(options_.spec.name.str())) {
        if (auto free = virt::check_name_is_free(**connection, options_.spec.name.str()); !free) {
            return free;
        }
    }
    if (auto there = look_at_hardware(**connection); !there) {
        return there;
    }
    if (auto usable = look_at_files(**connection); !usable) {
        return usable;
    }
    return look_at_host();
}

/// Before anything is written down: what may have changed since its description was read.
Result<void> Launcher::look_at_existing(const virt::Connection& connection)
{
    const virt::VmId vm{uri_, plan_.uuid, options_.spec.name.str()};
    const auto domain = connection.find_by_uuid(vm.uuid);
    if (!domain) {
        return domain.error();
    }
    return *domain ? virt::check_is_off(**domain, vm)
                   : Error{ErrorCode::not_found, fmt::format("VM '{}' is gone", vm.name)};
}

/// What this host would have promised. Another host's /proc is not to be seen, and the test driver runs nothing.
Result<void> Launcher::look_at_host()
{
    if (crew_ != nullptr) {
        gate_ = crew_->gate;
        return {};
    }
    if (!uri_.starts_with("qemu:///")) {
        return {};
    }
    auto gate = pass_gate(root_, {demand_of(options_.spec)}, options_.overcommit);
    if (!gate) {
        return gate.error();
    }
    gate_ = std::move(*gate);
    if (gate_) {
        tell(console_, *gate_);
    }
    return {};
}

/// The test driver offers no hardware and needs none.
Result<void> Launcher::look_at_hardware(const virt::Connection& connection)
{
    if (plan_.spec.type == virt::DomainType::test) {
        return {};
    }
    const auto offer = crew_ != nullptr && crew_->offer ? Result<virt::Offer>{*crew_->offer}
                                                        : virt::ask_offer(connection, plan_.spec.type);
    return offer ? virt::check_hardware(options_.spec.hardware, *offer) : with_launch_remedy(offer.error());
}

Result<void> Launcher::look_at_files(const virt::Connection& connection)
{
    const auto handling =
        crew_ != nullptr ? Result<virt::FileHandling>{crew_->files} : virt::ask_file_handling(connection);
    return handling ? virt::check_access(plan_, *handling) : handling.error();
}

/// The embedded driver has no networks of its own: libvirt asks the daemon for them, which does not run.
Result<void> Launcher::look_at_networks()
{
    for (const auto& sentence : networks_.warnings) {
        console_.warn(sentence);
    }
    if (virt::driver_root_of(uri_)) {
        const auto uses_libvirts = [](const virt::Nic& nic) {
            return std::holds_alternative<virt::NetworkNic>(nic.source);
        };
        return std::ranges::any_of(options_.spec.nics, uses_libvirts)
                   ? Result<void>{Error{ErrorCode::not_found,
                                        "cannot use libvirt's networks: no libvirt daemon answers",
                                        "use --net bridge=NAME, or start the daemon"}}
                   : Result<void>{};
    }
    if (crew_ != nullptr) {
        return {};  // asked once for all
    }
    const auto connection = world_.connection(uri_);
    return connection ? check_networks(options_.spec.nics, **connection, options_.start_networks, networks_)
                      : connection.error();
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
                           .announce = [this](const std::string& text) { steps_.begin(text); }};
    const auto outcome = txn::execute<virt::World>(*journal_, world_, steps, watch);
    steps_.end();
    console_.end_progress();
    if (!outcome.ok()) {
        return with_launch_remedy(txn::to_error(outcome));
    }
    return {};
}

}  // namespace kvmkit::vm_run
