// SPDX-License-Identifier: Apache-2.0
#include "setup/zypper.hpp"

#include "setup/heard.hpp"
#include "setup/rpm.hpp"
#include "setup/zypper_output.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

/// What zypper's exit codes mean.
constexpr int done = 0;
constexpr int locked = 7;
constexpr int reboot_needed = 102;
constexpr int restart_needed = 103;  ///< zypper itself was made newer.
constexpr int skipped_repositories = 106;
constexpr int script_failed = 107;

std::string both(const Completed& ended)
{
    return ended.out + "\n" + ended.err;
}

std::vector<std::string> with_names(std::vector<std::string> words, const std::vector<std::string>& names)
{
    words.insert(words.end(), names.begin(), names.end());
    return words;
}

}  // namespace

Result<Completed> Zypper::run(const std::vector<std::string>& words,
                              std::chrono::seconds wait,
                              const OnProgress& on_progress)
{
    ChildCommand command{.argv = with_names({"zypper", "--non-interactive"}, words),
                         .environment = plain_words(),
                         .timeout = limits().run};
    command.environment["ZYPP_LOCK_TIMEOUT"] = fmt::format("{}", wait.count());
    if (on_progress) {
        command.on_line = [&on_progress](std::string_view line) {
            if (const auto progress = read_zypper_progress(line)) {
                on_progress(*progress);
            }
        };
    }
    return run_heard(runner(), std::move(command), limits());
}

Error Zypper::failure(std::string_view doing, const Completed& ended) const
{
    auto error = program_failure("zypper", doing, ended, limits().log);
    if (ended.status == locked) {
        error.code = ErrorCode::timeout;
        error.hint = "wait until it is done and run this again, or wait longer with --lock-timeout SECONDS";
    }
    if (const auto conflicts = read_zypper_conflicts(both(ended)); !conflicts.empty()) {
        error.message = fmt::format("cannot {}: zypper found no way:\n{}", doing, fmt::join(conflicts, "\n"));
    }
    return error;
}

Result<std::vector<std::string>> Zypper::update()
{
    const auto ended = run({"refresh"}, limits().lock_wait);
    if (!ended) {
        return ended.error();
    }
    const bool some = both(*ended).find("Some of the repositories have not been refreshed") != std::string::npos;
    if (ended->status != done && !some) {
        return failure("refresh package lists", *ended);
    }
    return some ? read_zypper_problems(both(*ended)) : std::vector<std::string>{};
}

Result<std::map<std::string, std::string>> Zypper::candidates(const std::vector<std::string>& names)
{
    // While somebody is at work, nothing is known.
    const auto ended =
        run(with_names({"--no-refresh", "--xmlout", "search", "--match-exact", "--type", "package", "-s"}, names),
            std::chrono::seconds{0});
    if (!ended) {
        return ended.error();
    }
    return read_zypper_candidates(ended->out);
}

Result<Price> Zypper::price(const std::vector<std::string>& names)
{
    const auto ended = run(with_names({"--no-refresh", "--xmlout", "install", "--dry-run", "--no-recommends"}, names),
                           std::chrono::seconds{0});
    if (!ended) {
        return ended.error();
    }
    auto price = read_zypper_summary(ended->out);
    if (!price || (ended->status != done && ended->status != skipped_repositories)) {
        return failure("find out what an installation would bring", *ended);
    }
    return std::move(*price);
}

Result<void> Zypper::install(const std::vector<std::string>& names, const OnProgress& on_progress)
{
    const auto doing = fmt::format("install packages '{}'", fmt::join(names, " "));
    const auto ended =
        run(with_names({"--no-refresh", "install", "--no-recommends", "--auto-agree-with-licenses"}, names),
            limits().lock_wait,
            on_progress);
    if (!ended) {
        return ended.error();
    }
    switch (ended->status) {
        case done:
        case reboot_needed:
        case restart_needed: return {};
        case script_failed: {
            auto error = failure(doing, *ended);
            error.message = fmt::format("a script of a package failed: {}", error.message);
            return error;
        }
        case skipped_repositories: break;
        default: return failure(doing, *ended);
    }
    // A repository could not be read. What was asked for may have come from the others for all that.
    const auto there = installed_among(runner(), names);
    if (!there) {
        return there.error();
    }
    return there->size() >= names.size() ? Result<void>{} : failure(doing, *ended);
}

Result<std::vector<std::string>> Zypper::present(const std::vector<std::string>& names)
{
    return installed_among(runner(), names);
}

Result<std::vector<std::string>> Zypper::foresee_removal(const std::vector<std::string>& names)
{
    const auto planned = run(with_names({"--no-refresh", "--xmlout", "remove", "--dry-run", "--no-clean-deps"}, names),
                             limits().lock_wait);
    if (!planned) {
        return planned.error();
    }
    auto summary = read_zypper_summary(planned->out);
    if (!summary) {
        return failure(fmt::format("remove packages '{}'", fmt::join(names, " ")), *planned);
    }
    return std::move(summary->remove);
}

Result<void> Zypper::carry_out_removal(const std::vector<std::string>& names)
{
    const auto ended = run(with_names({"--no-refresh", "remove", "--no-clean-deps"}, names), limits().lock_wait);
    if (!ended) {
        return ended.error();
    }
    const bool good = ended->status == done || ended->status == skipped_repositories;
    return good ? Result<void>{} : failure(fmt::format("remove packages '{}'", fmt::join(names, " ")), *ended);
}

}  // namespace kvmkit::setup
