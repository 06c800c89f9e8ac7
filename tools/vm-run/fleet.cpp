// SPDX-License-Identifier: Apache-2.0
#include "fleet.hpp"

#include "cli/json.hpp"
#include "connect.hpp"
#include "several.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <set>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

using cli::ExitCode;
using cli::Json;

void raise(const UniqueFd& fd)
{
    const std::uint64_t one = 1;
    (void)!::write(fd.get(), &one, sizeof one);
}

ExitCode code_of(const Result<ExitCode>& end)
{
    return end ? *end : cli::exit_code_of(end.error().code);
}

bool good(const std::optional<Result<ExitCode>>& end)
{
    return end && *end && **end == ExitCode::ok;
}

}  // namespace

Result<ExitCode> Fleet::run()
{
    if (auto ready = start_helpers(); !ready) {
        return ready.error();
    }
    if (auto looked = look_before(); !looked) {
        return looked.error();
    }
    start_members();
    watch();
    for (Member& member : members_) {
        member.thread.join();
    }
    if (options_.all_or_nothing && options_.spec.lifetime == virt::Lifetime::kept && options_.show == Show::nothing) {
        judge_all();
    }
    (void)txn::prune(places_, tool_name);
    print();
    print_errors();
    const bool all_closed =
        std::ranges::none_of(members_, [](const Member& one) { return one.launcher && one.launcher->open(); });
    if (helpers_.guardian && all_closed) {
        helpers_.guardian->dismiss();
    }
    return exit_code();
}

Result<void> Fleet::start_helpers()
{
    if (auto started = helpers_.start(options_); !started) {
        return started;
    }
    raised_ = UniqueFd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    changed_ = UniqueFd{::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)};
    return raised_ && changed_ ? Result<void>{} : errno_error(errno, "cannot start several launches");
}

/// What is the same for all is asked once.
Result<void> Fleet::look_before()
{
    const auto root = Root::open("/");
    auto accelerator = !root               ? Result<Accelerator>{root.error()}
                       : options_.existing ? Result<Accelerator>{accelerator_of(options_.spec)}
                                           : choose_accelerator(options_, *root);
    if (!accelerator) {
        return accelerator.error();
    }
    crew_.accelerator = std::move(*accelerator);
    if (crew_.accelerator.fallback) {
        console_.warn(
            fmt::format("guests run on TCG, QEMU's emulator, many times slower than KVM: {}", crew_.accelerator.why));
    }
    const std::string uri = options_.uri.value_or(default_uri());
    if (auto connected = connect(uri); !connected) {
        return with_remedy(connected.error(), uri);
    }
    if (auto looked = look_at_libvirt(); !looked) {
        return looked;
    }
    if (auto passed = uri.starts_with("qemu:///") ? pass_the_gate(*root) : Result<void>{}; !passed) {
        return passed;
    }
    if (options_.show == Show::nothing) {
        SystemRunner runner;
        virt::World world{*root, runner};
        world.use_connection(crew_.connections.front());
        (void)undo_dead_launches(places_,
                                 world);  // a name that one of them sits on is told by the launch that wants it
    }
    return {};
}

Result<void> Fleet::connect(const std::string& uri)
{
    auto first = virt::Connection::open(uri);
    if (!first) {
        return first.error();
    }
    auto connections = open_connections(std::make_shared<const virt::Connection>(std::move(*first)), wishes_.size());
    if (!connections) {
        return connections.error();
    }
    crew_.connections = std::move(*connections);
    return {};
}

Result<void> Fleet::look_at_libvirt()
{
    const virt::Connection& connection = *crew_.connections.front();
    if (crew_.accelerator.type != virt::DomainType::test && !options_.existing) {
        auto offer = virt::ask_offer(connection, crew_.accelerator.type);
        if (!offer) {
            return with_launch_remedy(offer.error());
        }
        crew_.offer.emplace(std::move(*offer));
    }
    auto files = virt::ask_file_handling(connection);
    if (!files) {
        return files.error();
    }
    crew_.files = *files;
    const auto domains = connection.domains();
    if (!domains) {
        return domains.error();
    }
    for (const virt::Domain& domain : *domains) {
        crew_.names.insert(domain.name().value_or(""));
    }
    if (auto chosen = choose_networks(connection); !chosen) {
        return chosen;
    }
    std::set<std::string> asked;
    for (const LaunchOptions& wish : wishes_) {
        const auto& nics = wish.spec.nics;
        if (!asked.insert(virt::describe(nics)).second) {
            continue;
        }
        NetworkPlan nothing_to_start;  // --net-start is for one VM
        if (auto checked = check_networks(nics, connection, options_.start_networks, nothing_to_start); !checked) {
            return checked;
        }
    }
    return {};
}

/// Before the first VM is made: one whose networks nobody named may be waited for in vain.
Result<void> Fleet::choose_networks(const virt::Connection& connection)
{
    if (std::ranges::none_of(wishes_, &LaunchOptions::lets_host_choose)) {
        return {};
    }
    crew_.network = choose_network(connection);
    for (const LaunchOptions& wish : wishes_) {
        auto possible = wish.lets_host_choose() ? check_choice(crew_.network, wish.wait.wait) : Result<void>{};
        if (!possible) {
            return possible;
        }
    }
    return {};
}

Result<void> Fleet::pass_the_gate(const Root& root)
{
    std::vector<LaunchDemand> demands;
    demands.reserve(wishes_.size());
    for (const LaunchOptions& wish : wishes_) {
        if (!wish.existing || !wish.existing->why_not) {
            demands.push_back(demand_of(wish.spec));
        }
    }
    auto gate = pass_gate(root, demands, options_.overcommit);
    if (!gate) {
        return gate.error();
    }
    crew_.gate = std::move(*gate);
    if (crew_.gate) {
        tell(console_, *crew_.gate);
    }
    return {};
}

void Fleet::start_members()
{
    crew_.raised = raised_.get();
    crew_.turns = &turns_;
    crew_.hold = options_.all_or_nothing;
    for (const LaunchOptions& wish : wishes_) {
        Member& member = members_.emplace_back(Member{.options = wish});
        member.console = std::make_unique<cli::Console>(cli::Console{member.out, member.talk});
    }
    crew_.on_report = [this](const LaunchReport& report) {
        const std::lock_guard guard{mutex_};
        const auto member =
            std::ranges::find(members_, report.plan.spec.name, [](const Member& one) { return one.options.spec.name; });
        member->record = record_of(report);
        member->outcome = word(report.outcome);
        raise(changed_);
    };
    for (std::size_t i = 0; i < members_.size(); ++i) {
        members_[i].thread = std::thread{[this, i] { launch(members_[i], i); }};
    }
}

void Fleet::launch(Member& member, std::size_t number)
{
    auto launcher = Launcher::prepare(member.options, *member.console, crew_, number);
    Result<ExitCode> end = launcher ? Result<ExitCode>{ExitCode::ok} : launcher.error();
    if (launcher) {
        member.launcher = std::move(*launcher);
        end = member.launcher->run();
    }
    const std::lock_guard guard{mutex_};
    member.end = std::move(end);
    raise(changed_);
}

/// Until all have ended; a signal is passed on to all. The VMs of --rm end when they or their user want.
void Fleet::watch()
{
    std::optional<std::size_t> told;
    for (;;) {
        std::size_t known = 0;
        std::size_t ended = 0;
        {
            const std::lock_guard guard{mutex_};
            for (const Member& member : members_) {
                known += member.record || member.end ? 1 : 0;
                ended += member.end ? 1 : 0;
            }
            if (known == members_.size() && options_.spec.lifetime == virt::Lifetime::ephemeral) {
                print();
            }
        }
        if (!printed_ && told != known) {
            told = known;
            console_.progress(fmt::format("{} of {} VMs are done", known, members_.size()));
        }
        if (ended == members_.size()) {
            return;
        }
        std::array waits{pollfd{interrupted_ ? -1 : helpers_.signals->fd(), POLLIN, 0},
                         pollfd{changed_.get(), POLLIN, 0}};
        (void)::poll(waits.data(), waits.size(), -1);  // each of them has a deadline, or is meant to stay
        std::uint64_t count = 0;
        (void)!::read(changed_.get(), &count, sizeof count);
        if (!interrupted_ && helpers_.signals->caught()) {
            interrupted_ = true;
            raise(raised_);
        }
    }
}

/// Their journals are open still: if this process dies in here, all are undone.
void Fleet::judge_all()
{
    const bool all = std::ranges::all_of(members_, [](const Member& one) { return good(one.end); });
    if (!all) {
        undo_all();
        return;
    }
    for (Member& member : members_) {
        if (auto kept = member.launcher->keep(); !kept) {
            left_.push_back(kept.error().message);
        }
    }
}

void Fleet::undo_all()
{
    for (Member& member : members_) {
        if (!member.launcher || !member.launcher->open()) {
            continue;
        }
        const auto left = member.launcher->undo();
        left_.insert(left_.end(), left.begin(), left.end());
        member.outcome = "removed";
    }
}

cli::Json Fleet::record() const
{
    auto vms = Json::array();
    std::size_t launched = 0;
    for (const Member& member : members_) {
        const bool refused = member.end && !*member.end;
        const bool runs =
            !refused && (member.outcome == "ready" || member.outcome == "started" || member.outcome == "not-ready");
        launched += runs ? 1 : 0;
        vms.push_back({{"name", member.options.spec.name.str()},
                       {"outcome", member.outcome.empty() || refused ? "failed" : member.outcome},
                       {"exit", member.end ? Json(static_cast<int>(code_of(*member.end))) : Json(nullptr)},
                       {"error", refused ? Json(member.end->error().message) : Json(nullptr)},
                       {options_.existing ? "start" : "launch", member.record.value_or(Json(nullptr))}});
    }
    return {{"schema", cli::schema_name(tool_name, options_.existing ? "start-many" : "launch-many")},
            {options_.existing ? "started" : "launched", launched},
            {"failed", members_.size() - launched},
            {"host_after", gate_record(crew_.gate)},
            {"left_behind", left_},
            {"vms", vms}};
}

void Fleet::print_table() const
{
    std::size_t width = 4;
    for (const Member& member : members_) {
        width = std::max(width, member.options.spec.name.str().size());
    }
    console_.out << fmt::format("{:<{}}  {:<9}  {:>7}  {:>8}\n", "NAME", width, "OUTCOME", "BOOT", "PROCESS");
    for (const Member& member : members_) {
        const auto field = [&member](const char* key) {
            return member.record && !member.record->at(key).is_null() ? member.record->at(key).dump()
                                                                      : std::string{"-"};
        };
        console_.out << fmt::format("{:<{}}  {:<9}  {:>7}  {:>8}\n",
                                    member.options.spec.name.str(),
                                    width,
                                    member.outcome.empty() ? "failed" : member.outcome,
                                    field("boot_seconds"),
                                    field("qemu_pid"));
    }
}

/// The one report. Of VMs that stay in the foreground it comes once all run.
void Fleet::print()
{
    if (printed_) {
        return;
    }
    printed_ = true;
    console_.end_progress();
    if (options_.json) {
        cli::print_json(console_, record());
    } else if (options_.show == Show::steps) {
        for (const Member& member : members_) {
            console_.out << member.out.str();
        }
    } else {
        print_table();
    }
    console_.out.flush();
}

void Fleet::print_errors() const
{
    for (const Member& member : members_) {
        const auto& end = *member.end;
        if (!end) {
            console_.warn(fmt::format("{}: {}", member.options.spec.name.str(), end.error().message));
        }
    }
    for (const auto& sentence : left_) {
        console_.warn(fmt::format("could not undo: {}", sentence));
    }
}

/// All alike: their code. Else what must be known first.
ExitCode Fleet::exit_code() const
{
    std::vector<ExitCode> codes;
    codes.reserve(members_.size());
    for (const Member& member : members_) {
        codes.push_back(code_of(*member.end));
    }
    const auto code = left_.empty() ? code_of_several(codes) : ExitCode::damaged;
    if (interrupted_ && code != ExitCode::damaged) {
        return ExitCode::interrupted;
    }
    const bool together = options_.all_or_nothing && options_.spec.lifetime == virt::Lifetime::kept;
    return code == ExitCode::some_failed && together ? ExitCode::failed : code;
}

}  // namespace kvmkit::vm_run
