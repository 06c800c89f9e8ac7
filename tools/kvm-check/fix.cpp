// SPDX-License-Identifier: Apache-2.0
#include "fix.hpp"

#include "cli/json.hpp"
#include "setup/mender.hpp"
#include "system/runner.hpp"
#include "system/signals.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iostream>
#include <optional>
#include <set>

#include <fmt/format.h>

namespace kvmkit::kvm_check {
namespace {

constexpr int most_rounds = 6;

/// What happened, for the record and the last lines.
struct Fixed {
    std::string transaction;
    std::vector<setup::Step> steps;
    std::vector<std::string> notes;
    std::vector<std::string> by_hand;  ///< Checks that have steps, of which none can be made here.
    bool dry_run = false;
};

bool is_bad(const Finding& finding)
{
    return finding.verdict.status == Status::fail || finding.verdict.status == Status::warn;
}

/// A host whose guests cannot nest is well, and nobody gets libvirt's power, unless somebody asks for that.
bool is_wanted(const Finding& finding, const Selection& selection)
{
    const auto& id = finding.check.id;
    const bool on_request = id == "nested.param" || id == "libvirt.group";
    return !on_request || selection.require.contains(id) || selection.only.contains(id);
}

/// What is wrong and to be mended on this host itself, but for `done`.
setup::Complaint complaint_of(const Looked& now, const std::set<std::string>& done)
{
    setup::Complaint complaint;
    for (const Finding& finding : now.report.findings) {
        const auto& remedy = finding.verdict.remedy;
        const bool ours = is_bad(finding) && remedy && remedy->where == Where::this_host;
        const std::string id{finding.check.id};
        if (ours && setup::can_mend(id) && is_wanted(finding, now.report.selection) && !done.contains(id)) {
            complaint.checks.push_back(id);
        }
    }
    if (now.host.user && *now.host.user) {
        complaint.user = (*now.host.user)->name;
    }
    if (now.host.libvirt.qemu && *now.host.libvirt.qemu) {
        complaint.qemu_account = (*now.host.libvirt.qemu)->name;
    }
    return complaint;
}

/// The first of these checks that is still not well, with what it says.
std::string still_bad(const Report& report, const std::vector<std::string>& checks)
{
    for (const Finding& finding : report.findings) {
        const bool ours = std::ranges::find(checks, finding.check.id) != checks.end();
        if (ours && is_bad(finding)) {
            return fmt::format("{} ({})", finding.check.id, finding.verdict.evidence);
        }
    }
    return {};
}

/// A check that passed before and fails now: a mend of one thing must not break another.
std::string broken(const Report& before, const Report& after)
{
    for (const Finding& finding : after.findings) {
        const auto was =
            std::ranges::find(before.findings, finding.check.id, [](const Finding& f) { return f.check.id; });
        const bool passed = was != before.findings.end() && was->verdict.status == Status::pass;
        if (passed && finding.verdict.status == Status::fail) {
            return fmt::format("{} ({})", finding.check.id, finding.verdict.evidence);
        }
    }
    return {};
}

/// Asks on the terminal. A signal answers no.
bool says_yes(const cli::Console& console, const SignalWatch& signals)
{
    console.err << "make these changes? [y/N] " << std::flush;
    std::array<pollfd, 2> sources{pollfd{STDIN_FILENO, POLLIN, 0}, pollfd{signals.fd(), POLLIN, 0}};
    while (::poll(sources.data(), sources.size(), -1) < 0 && errno == EINTR) {
    }
    std::string answer;
    if (sources[1].revents == 0) {
        std::getline(std::cin, answer);
    }
    return answer == "y" || answer == "Y" || answer == "yes";
}

/// One run of --fix, from the first look to the last.
class Fix {
public:
    Fix(const Look& look, const cli::Arguments& arguments, cli::Console& console, SignalWatch& signals)
        : look_(look), arguments_(arguments), console_(console), signals_(signals)
    {
    }

    /// The last look. The transaction is closed, or there is none.
    Result<Looked> run()
    {
        if (auto opened = open(); !opened) {
            return std::move(opened).error();
        }
        auto now = look_();
        if (!now) {
            return now;
        }
        before_ = now->report;
        auto mending = plan(*now);
        if (!mending) {
            return std::move(mending).error();
        }
        if (mending->steps.empty() || fixed.dry_run) {
            fixed.steps = std::move(mending->steps);
            fixed.notes = std::move(mending->notes);
            return now;
        }
        if (auto allowed = ask(*mending); !allowed) {
            return std::move(allowed).error();
        }
        return mend(std::move(*mending));
    }

    Fixed fixed;

private:
    Result<setup::Mending> plan(const Looked& now)
    {
        const auto root = Root::open("/");
        if (!root) {
            return root.error();
        }
        auto mending = setup::plan_mending(setup::observe_ailing(*root, runner_), complaint_of(now, done_));
        fixed.by_hand = mending.by_hand;
        return mending;
    }

    Result<void> ask(const setup::Mending& mending)
    {
        if (::geteuid() != 0) {
            return Error{
                ErrorCode::permission,
                "cannot mend host: only root may change it",
                "sudo kvm-check run --fix --user \"$USER\"; look first, as anybody: kvm-check run --fix --dry-run"};
        }
        if (arguments_.has("yes")) {
            return {};
        }
        for (const setup::Step& step : mending.steps) {
            console_.err << "would " << setup::describe(step) << '\n';
        }
        if (::isatty(STDIN_FILENO) != 1) {
            return Error{ErrorCode::refused,
                         "refused to change this host: nobody is here to be asked",
                         "give --yes, or --dry-run to look only"};
        }
        if (!says_yes(console_, signals_)) {
            return signals_.caught() ? Error{ErrorCode::interrupted, "interrupted"}
                                     : Error{ErrorCode::refused, "nothing more was changed, as was answered"};
        }
        return {};
    }

    /// What a killed run left is undone before anything is looked at: a host half mended looks well.
    Result<void> open()
    {
        if (fixed.dry_run || ::geteuid() != 0) {
            return {};
        }
        std::vector<std::string> undone;
        auto mender = setup::Mender::open(
            runner_, {.command_line = arguments_.command_line(), .places = txn::default_places()}, undone);
        if (!mender) {
            return std::move(mender).error();
        }
        for (const std::string& sentence : undone) {
            console_.warn(sentence);
        }
        mender_.emplace(std::move(*mender));
        return {};
    }

    Result<Looked> mend(setup::Mending mending)
    {
        for (int round = 0; round < most_rounds; ++round) {
            auto now = mend_once(mending);
            if (!now) {
                return now;
            }
            auto next = plan(*now);
            if (!next) {
                return undo(next.error().message);
            }
            const bool more = !next->steps.empty();
            const auto allowed = more ? ask(*next) : Result<void>{};
            if (!allowed && allowed.error().code == ErrorCode::interrupted) {
                auto error = undo(allowed.error().message);
                error.code = error.code == ErrorCode::rolled_back ? ErrorCode::interrupted : error.code;
                return error;
            }
            if (!more || !allowed) {
                fixed.steps = mender_->made();
                fixed.transaction = mender_->close();
                return now;
            }
            mending = std::move(*next);
        }
        return undo("cannot mend host: something new is wrong after each change");
    }

    Result<Looked> mend_once(const setup::Mending& mending)
    {
        const txn::Watch watch{.interrupted = [this] { return signals_.caught().has_value(); },
                               .announce = [this](const std::string& text) { console_.note(text); }};
        if (auto made = mender_->make(mending.steps, watch); !made) {
            return std::move(made).error();
        }
        auto now = look_();
        if (!now) {
            return undo(now.error().message);
        }
        if (const auto bad = still_bad(now->report, mending.mends); !bad.empty()) {
            return undo(fmt::format("cannot mend host: all steps were made, and still {}", bad));
        }
        if (const auto worse = broken(*before_, now->report); !worse.empty()) {
            return undo(fmt::format("cannot mend host: the steps broke {}", worse));
        }
        done_.insert(mending.mends.begin(), mending.mends.end());
        done_.insert(mending.later.begin(), mending.later.end());
        fixed.notes.insert(fixed.notes.end(), mending.notes.begin(), mending.notes.end());
        return now;
    }

    Error undo(std::string message)
    {
        auto error = mender_->undo(std::move(message));
        if (error.code == ErrorCode::rolled_back) {
            error.hint = "all was taken back; kvm-check names the remedies to be tried by hand";
        }
        return error;
    }

    const Look& look_;
    const cli::Arguments& arguments_;
    cli::Console& console_;
    SignalWatch& signals_;
    SystemRunner runner_;
    std::optional<setup::Mender> mender_;
    std::optional<Report> before_;
    std::set<std::string> done_;
};

cli::Json record_of(const Fixed& fixed)
{
    cli::Json steps = cli::Json::array();
    for (const setup::Step& step : fixed.steps) {
        steps.push_back({{"kind", setup::kind(step)}, {"text", setup::describe(step)}});
    }
    return {{"dry_run", fixed.dry_run},
            {"transaction", fixed.transaction.empty() ? cli::Json() : cli::Json(fixed.transaction)},
            {"steps", std::move(steps)},
            {"notes", fixed.notes},
            {"by_hand", fixed.by_hand}};
}

void print_text(const Fixed& fixed, const cli::Console& console)
{
    for (const setup::Step& step : fixed.steps) {
        console.out << (fixed.dry_run ? "would " : "did: ") << setup::describe(step) << '\n';
    }
    for (const std::string& note : fixed.notes) {
        console.out << "note: " << note << '\n';
    }
    for (const std::string& check : fixed.by_hand) {
        console.out << fmt::format("by hand: {}; its remedy stands below\n", check);
    }
    if (fixed.steps.empty()) {
        console.out << "nothing that kvm-check can mend on this host\n";
    }
}

}  // namespace

void declare_fix(cli::po::options_description_easy_init add)
{
    add("fix", "mend on this host what can be mended, as root: asks first, and undoes what does not help")(
        "yes", "with --fix: do not ask")("dry-run", "with --fix: show what would be done, and change nothing");
}

Result<void> check_fix_options(const cli::Arguments& arguments, Format format)
{
    const auto wrong = [](const char* what, const char* hint) { return Error{ErrorCode::usage, what, hint}; };
    if (!arguments.has("fix")) {
        return arguments.has("yes") || arguments.has("dry-run")
                   ? wrong("--yes and --dry-run say how to mend", "give --fix, too")
                   : Result<void>{};
    }
    if (arguments.text("root") != "/") {
        return wrong("--fix mends this host, not a recorded one", "leave out --root or --fix");
    }
    if (format != Format::text && format != Format::json) {
        return wrong("--fix speaks text or JSON", "leave out --format and --compat, or give --json");
    }
    return {};
}

Result<cli::ExitCode> fix(const Look& look, const cli::Arguments& arguments, Format format, cli::Console& console)
{
    auto signals = SignalWatch::open();
    if (!signals) {
        return std::move(signals).error();
    }
    Fix run{look, arguments, console, *signals};
    run.fixed.dry_run = arguments.has("dry-run");
    const auto last = run.run();
    if (!last) {
        return last.error();
    }
    cli::ExitCode code{};
    if (format == Format::json) {
        const auto root = Root::open("/");
        code = print_record(last->report, root ? this_machine(*root) : MachineMark{}, record_of(run.fixed), console);
    } else {
        print_text(run.fixed, console);
        code = print_report(last->report, format, arguments, console);
    }
    if (!run.fixed.transaction.empty() && !console.out.flush()) {
        return Error{
            ErrorCode::damaged,
            fmt::format("cannot write the answer; the host was mended: transaction {}", run.fixed.transaction)};
    }
    const bool found_work = run.fixed.dry_run && !run.fixed.steps.empty();
    return found_work ? cli::ExitCode::no : code;
}

std::string fix_hint(const Looked& looked)
{
    const auto complaint = complaint_of(looked, {});
    const auto root = Root::open("/");
    if (complaint.checks.empty() || !root) {
        return "";
    }
    SystemRunner runner;
    const auto mending = setup::plan_mending(setup::observe_ailing(*root, runner), complaint);
    return mending.steps.empty() ? "" : "what of this can be mended here: kvm-check run --fix --dry-run\n";
}

}  // namespace kvmkit::kvm_check
