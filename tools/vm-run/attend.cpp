// SPDX-License-Identifier: Apache-2.0
// The second half of Launcher: with the guest from its first instruction to the end.
#include "launcher.hpp"

#include "terminal.hpp"
#include "txn/execute.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace kvmkit::vm_run {

using cli::ExitCode;

namespace {

/// "define", "create overlay" where there are other things to create; absent: of no interest.
std::optional<std::string> stage_name(const std::string& step)
{
    const auto verb = step.substr(0, step.find(' '));
    if (verb == "create") {
        return step.substr(0, step.find(' ', verb.size() + 1));
    }
    return verb == "define" || verb == "start" || verb == "wait" ? std::optional{verb} : std::nullopt;
}

/// What took time before the guest executed. A VM is defined while its files are made: that is one stage.
std::vector<virt::Stage> stages_before_boot(const std::vector<StepTime>& steps)
{
    std::vector<virt::Stage> all;
    for (const StepTime& made : steps) {
        const auto name = stage_name(made.step);
        if (!made.took || !name) {
            continue;
        }
        if (!made.with_previous || all.empty()) {
            all.push_back({*name, *made.took});
        } else if (*name == "define") {
            all.back().name = *name;
        }
    }
    return all;
}

}  // namespace

Result<ExitCode> Launcher::attend()
{
    std::optional<RawTerminal> terminal;
    if (options_.console) {
        terminal.emplace();
    }
    virt::Attachment attachment{world_.console(), *world_.lifecycle(), *helpers_.signals};
    attachment.input = terminal ? terminal->input() : -1;
    attachment.on_output = [this](std::string_view bytes) {
        boot_stages_.feed(bytes, since_start());
        if (options_.console) {
            console_.out << bytes << std::flush;
        }
    };
    const std::string words = options_.spec.kernel ? options_.spec.kernel->command_line : "";
    session_ = std::make_unique<virt::Session>(std::move(attachment), virt::boot_sign_for(words));
    if (options_.wait.wait == Wait::none) {
        report(Outcome::started);
        return ephemeral() || options_.console ? take_back(stay()) : ExitCode::ok;
    }
    const auto event = wait();
    return event ? conclude(*event) : take_back(ExitCode::not_ready);
}

std::chrono::milliseconds Launcher::since_start() const
{
    return std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::Clock::now() - started_);
}

/// An Error: this VM cannot show what is waited for; it was reported.
Result<virt::Event> Launcher::wait()
{
    const auto deadline = Deadline::after(options_.wait.timeout);
    if (options_.wait.wait == Wait::boot) {
        return session_->wait_for_boot(deadline);
    }
    const auto connection = world_.connection(uri_);
    const auto domain = connection ? world_.ours({uri_, plan_.uuid, plan_.spec.name.str()}) : connection.error();
    if (!domain) {
        return virt::Event::ended;
    }
    auto readiness = Readiness::watch(
        options_.wait.wait, {**connection, *domain, root_, runner_, virt::vm_folder(places_, options_.spec.name)});
    if (!readiness) {
        evidence_ = {readiness.error().message};
        report(Outcome::not_ready);
        return readiness.error();
    }
    readiness_ = std::move(*readiness);
    return session_->wait_for(readiness_->sign(), deadline);
}

/// The parts of the launch: what libvirt and files took, then the guest's own.
std::vector<virt::Stage> Launcher::stages() const
{
    std::vector<virt::Stage> all = stages_before_boot(steps_.all());
    virt::BootMarks marks = marks_;
    marks.kernel = boot_stages_.kernel();
    marks.init = boot_stages_.init();
    const auto found = readiness_ ? readiness_->address_found_at() : std::nullopt;
    if (found) {
        marks.address = std::chrono::duration_cast<std::chrono::milliseconds>(*found - started_);
    }
    std::ranges::move(virt::stages_of(marks), std::back_inserter(all));
    return all;
}

/// cloud-init cannot do what it was not told.
void Launcher::look_at_seed()
{
    const auto domain = world_.ours({uri_, plan_.uuid, plan_.spec.name.str()});
    const auto read = plan_.seed && domain ? domain->has_read(virt::seed_target(plan_)) : Result<bool>{true};
    if (!read.value_or(true)) {
        evidence_.push_back(fmt::format(
            "the guest has read nothing of its cloud-init seed ({}): its kernel may have no driver for virtio disks",
            virt::seed_target(plan_)));
    }
}

std::string Launcher::end_reason(virt::Event event)
{
    if (event == virt::Event::panicked) {
        return "its kernel panicked";
    }
    const auto ending = world_.lifecycle() ? world_.lifecycle()->ending() : std::nullopt;
    return std::string{describe(ending.value_or(virt::Ending::destroyed))};
}

Result<ExitCode> Launcher::conclude(virt::Event event)
{
    switch (event) {
        case virt::Event::booted:
        case virt::Event::reached: return conclude_ready(event);
        case virt::Event::timed_out:
            evidence_ = readiness_ ? readiness_->sign().evidence() : std::vector<std::string>{};
            look_at_seed();
            report(Outcome::not_ready);
            return take_back(ExitCode::not_ready);
        case virt::Event::ended:
        case virt::Event::panicked:
            end_reason_ = end_reason(event);
            report(Outcome::ended);
            return take_back(ExitCode::guest_ended);
        case virt::Event::left: report(Outcome::started); return take_back(ExitCode::ok);
        case virt::Event::interrupted: break;
    }
    readiness_.reset();
    world_.detach();
    const auto left = txn::roll_back(*journal_, world_);
    const auto* what = options_.existing ? "interrupted; the VM is off again" : "interrupted; the VM is removed";
    return txn::to_error({Error{ErrorCode::interrupted, what}, left});
}

Result<ExitCode> Launcher::conclude_ready(virt::Event event)
{
    (event == virt::Event::booted ? marks_.booted : marks_.ready) = since_start();
    if (journal_->record().open()) {
        if (auto kept = settle(); !kept) {
            return kept.error();
        }
    }
    report(Outcome::ready);
    readiness_.reset();
    return ephemeral() || options_.console ? take_back(stay()) : ExitCode::ok;
}

/// Stays with the VM until it ends or the user does.
ExitCode Launcher::stay()
{
    const auto event = session_->wait_for_end();
    if (event == virt::Event::interrupted) {
        return ephemeral() ? ExitCode::interrupted : ExitCode::ok;
    }
    const auto ending = world_.lifecycle()->ending();
    const bool broke =
        event == virt::Event::panicked ||
        (event == virt::Event::ended && ending != virt::Ending::powered_off && ending != virt::Ending::destroyed);
    if (broke) {
        console_.warn(fmt::format("VM '{}' ended: {}", options_.spec.name.str(), end_reason(event)));
    }
    return broke ? ExitCode::guest_ended : ExitCode::ok;
}

/// Removes an ephemeral VM with everything of it, and one that failed on trial; a kept one stays as it is.
Result<ExitCode> Launcher::take_back(ExitCode code)
{
    readiness_.reset();
    session_.reset();
    world_.detach();
    if (!ephemeral() && !journal_->record().open()) {
        return code;
    }
    const auto left = txn::roll_back(*journal_, world_);
    if (left.empty()) {
        return code;
    }
    for (const auto& sentence : left) {
        console_.warn(fmt::format("could not undo: {}", sentence));
    }
    return ExitCode::damaged;
}

void Launcher::report(Outcome outcome)
{
    LaunchReport report{plan_, accelerator_, uri_, steps_.all(), outcome, end_reason_};
    report.on_trial = options_.wait.on_fail == OnFail::rollback;
    report.again = options_.existing.has_value();
    report.boot = marks_.booted;
    report.wait = options_.wait.wait;
    report.stages = stages();
    report.evidence = evidence_;
    report.decisions = outcome == Outcome::planned ? decisions() : std::vector<virt::Decision>{};
    report.address = readiness_ ? readiness_->address() : std::nullopt;
    steps_.mark(word(outcome));
    const bool runs = outcome != Outcome::planned && outcome != Outcome::ended;
    if (runs) {
        report.qemu = virt::find_qemu(root_, plan_.uuid).value_or(std::nullopt);
        report.threads = report.qemu ? virt::vcpu_threads(root_, *report.qemu).value_or(std::vector<virt::VcpuThread>{})
                                     : std::vector<virt::VcpuThread>{};
    }
    report.gate = gate_;
    report.contention = runs && contention_ ? contention_->so_far() : std::nullopt;
    if (session_) {
        report.ready_line = session_->boot().ready_line();
    }
    if (session_ && (outcome == Outcome::not_ready || outcome == Outcome::ended)) {
        report.last_lines = session_->boot().last_lines();
    }
    if (crew_ != nullptr) {
        crew_->on_report(report);
    } else if (options_.json) {
        print_record(console_, report);
    } else {
        print_summary(console_, report, options_);
    }
}

/// The VM runs: from now on only its user removes it, unless others decide for all.
Result<void> Launcher::settle()
{
    if (!ephemeral() && (crew_ == nullptr || !crew_->hold)) {
        if (auto closed = journal_->enter(txn::State::closed); !closed) {
            return txn::to_error({closed.error(), txn::roll_back(*journal_, world_)});
        }
    }
    if (crew_ == nullptr) {
        (void)txn::prune(places_, tool_name);
    }
    return {};
}

Result<void> Launcher::keep()
{
    return open() && !ephemeral() ? journal_->enter(txn::State::closed) : Result<void>{};
}

std::vector<std::string> Launcher::undo()
{
    session_.reset();
    world_.detach();
    return open() ? txn::roll_back(*journal_, world_) : std::vector<std::string>{};
}

}  // namespace kvmkit::vm_run
