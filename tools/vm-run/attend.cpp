// SPDX-License-Identifier: Apache-2.0
// The second half of Launcher: with the guest from its first instruction to the end.
#include "launcher.hpp"

#include "terminal.hpp"
#include "txn/execute.hpp"

#include <fmt/format.h>

namespace kvmkit::vm_run {

using cli::ExitCode;

Result<ExitCode> Launcher::attend()
{
    std::optional<RawTerminal> terminal;
    if (options_.console) {
        terminal.emplace();
    }
    virt::Attachment attachment{*world_.console(), *world_.lifecycle(), *signals_};
    attachment.input = terminal ? terminal->input() : -1;
    if (options_.console) {
        attachment.on_output = [this](std::string_view bytes) { console_.out << bytes << std::flush; };
    }
    const std::string words = options_.spec.kernel ? options_.spec.kernel->command_line : "";
    session_ = std::make_unique<virt::Session>(std::move(attachment), virt::boot_sign_for(words));
    if (options_.wait == Wait::none) {
        report(Outcome::started);
        return ephemeral() || options_.console ? take_back(stay()) : ExitCode::ok;
    }
    return conclude_boot(session_->wait_for_boot(Deadline::after(options_.timeout)));
}

std::string Launcher::end_reason(virt::Event event)
{
    if (event == virt::Event::panicked) {
        return "its kernel panicked";
    }
    const auto ending = world_.lifecycle() ? world_.lifecycle()->ending() : std::nullopt;
    return std::string{describe(ending.value_or(virt::Ending::destroyed))};
}

Result<ExitCode> Launcher::conclude_boot(virt::Event event)
{
    switch (event) {
        case virt::Event::booted:
            boot_time_ = std::chrono::duration_cast<std::chrono::milliseconds>(Deadline::Clock::now() - started_);
            report(Outcome::ready);
            return ephemeral() || options_.console ? take_back(stay()) : ExitCode::ok;
        case virt::Event::timed_out: report(Outcome::not_ready); return take_back(ExitCode::not_ready);
        case virt::Event::ended:
        case virt::Event::panicked:
            end_reason_ = end_reason(event);
            report(Outcome::ended);
            return take_back(ExitCode::guest_ended);
        case virt::Event::left: report(Outcome::started); return take_back(ExitCode::ok);
        case virt::Event::interrupted: break;
    }
    world_.detach();
    const auto left = txn::roll_back(*journal_, world_);
    return txn::to_error({Error{ErrorCode::interrupted, "interrupted; the VM is removed"}, left});
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

/// Removes an ephemeral VM with everything of it; a kept one stays as it is.
Result<ExitCode> Launcher::take_back(ExitCode code)
{
    session_.reset();
    world_.detach();
    if (!ephemeral()) {
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
    LaunchReport report{plan_, accelerator_, uri_, described_, outcome, end_reason_, boot_time_};
    const bool runs = outcome != Outcome::planned && outcome != Outcome::ended;
    if (runs) {
        report.qemu = virt::find_qemu(root_, plan_.uuid).value_or(std::nullopt);
        report.threads = report.qemu ? virt::vcpu_threads(root_, *report.qemu).value_or(std::vector<virt::VcpuThread>{})
                                     : std::vector<virt::VcpuThread>{};
    }
    if (session_) {
        report.ready_line = session_->boot().ready_line();
    }
    if (session_ && (outcome == Outcome::not_ready || outcome == Outcome::ended)) {
        report.last_lines = session_->boot().last_lines();
    }
    if (options_.json) {
        print_record(console_, report);
    } else {
        print_summary(console_, report, options_);
    }
}

}  // namespace kvmkit::vm_run
