// SPDX-License-Identifier: Apache-2.0
#include "setup/dnf.hpp"

#include "setup/dnf_output.hpp"
#include "setup/rpm.hpp"

#include <poll.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

constexpr int locked = 200;  ///< dnf's exit code where exit_on_lock is set and somebody is at work.

std::string both(const Completed& ended)
{
    return ended.out + "\n" + ended.err;
}

/// Not what is left without use by it: that is among the names, or was there before.
std::vector<std::string> removal(const std::vector<std::string>& names, const char* answer)
{
    std::vector<std::string> words{"--noautoremove", answer, "remove"};
    words.insert(words.end(), names.begin(), names.end());
    return words;
}

}  // namespace

Result<Completed> Dnf::ask(const std::vector<std::string>& words, const OnProgress& on_progress)
{
    ChildCommand command{
        .argv = {"dnf", "-y", "--setopt=exit_on_lock=1", "--setopt=install_weak_deps=0", "--color=never"},
        .environment = plain_words(),
        .timeout = limits().run};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    if (on_progress) {
        command.on_line = [&on_progress](std::string_view line) {
            if (const auto progress = read_dnf_progress(line)) {
                on_progress(*progress);
            }
        };
    }
    return runner().run(command);
}

Result<Completed> Dnf::change(const std::vector<std::string>& words, const OnProgress& on_progress)
{
    constexpr int slice_ms = 500;
    const auto deadline = Deadline::after(limits().lock_wait);
    for (;;) {
        auto ended = ask(words, on_progress);
        if (!ended || ended->status != locked || deadline.passed()) {
            return ended;
        }
        (void)::poll(nullptr, 0, slice_ms);  // somebody came between our look at the locks and dnf's
    }
}

Error Dnf::failure(std::string_view doing, const Completed& ended) const
{
    if (ended.status == locked) {
        return {
            ErrorCode::timeout,
            fmt::format("cannot {}: another dnf or rpm is at work:\n{}", doing, failure_excerpt(ended.out, ended.err)),
            "wait until it is done and run this again, or wait longer with --lock-timeout SECONDS"};
    }
    return program_failure("dnf", doing, ended, limits().log);
}

Result<std::vector<std::string>> Dnf::update()
{
    const auto ended = change({"makecache", "--refresh"});
    if (!ended) {
        return ended.error();
    }
    auto problems = read_dnf_problems(both(*ended));
    if (ended->status != 0) {
        return failure("refresh package lists", *ended);
    }
    return problems;
}

Result<std::map<std::string, std::string>> Dnf::candidates(const std::vector<std::string>& names)
{
    std::vector<std::string> words{
        "-q", "-C", "repoquery", "--available", "--latest-limit=1", "--qf", "%{name}\\t%{evr}"};
    words.insert(words.end(), names.begin(), names.end());
    // While somebody is at work, and for users who have no lists of their own, nothing is known.
    const auto ended = ask(words);
    if (!ended) {
        return ended.error();
    }
    return read_dnf_candidates(ended->out);
}

Result<Price> Dnf::price(const std::vector<std::string>& names)
{
    std::vector<std::string> words{"--assumeno", "install"};
    words.insert(words.end(), names.begin(), names.end());
    const auto ended = ask(words);
    if (!ended) {
        return ended.error();
    }
    // With something to do, the answer "no" makes dnf end with 1.
    const bool resolved = ended->out.find("Dependencies resolved.") != std::string::npos;
    if (!resolved || (ended->status != 0 && ended->status != 1)) {
        return failure("find out what an installation would bring", *ended);
    }
    return read_dnf_transaction(ended->out);
}

Result<void> Dnf::install(const std::vector<std::string>& names, const OnProgress& on_progress)
{
    std::vector<std::string> words{"install"};
    words.insert(words.end(), names.begin(), names.end());
    const auto doing = fmt::format("install packages '{}'", fmt::join(names, " "));
    const auto ended = change(words, on_progress);
    if (!ended) {
        return ended.error();
    }
    if (ended->status != 0) {
        return failure(doing, *ended);
    }
    if (const auto failed = read_failed_scripts(both(*ended)); !failed.empty()) {
        auto error = failure(doing, *ended);
        error.message =
            fmt::format("cannot {}: dnf calls it a success, and these failed: {}", doing, fmt::join(failed, ", "));
        return error;
    }
    return {};
}

Result<std::vector<std::string>> Dnf::foresee_removal(const std::vector<std::string>& names)
{
    const auto planned = change(removal(names, "--assumeno"));
    if (!planned) {
        return planned.error();
    }
    if (planned->out.find("Dependencies resolved.") == std::string::npos) {
        return failure(fmt::format("remove packages '{}'", fmt::join(names, " ")), *planned);
    }
    return read_dnf_transaction(planned->out).remove;
}

Result<void> Dnf::carry_out_removal(const std::vector<std::string>& names)
{
    const auto ended = change(removal(names, "-y"));
    if (!ended) {
        return ended.error();
    }
    return ended->status == 0 ? Result<void>{}
                              : failure(fmt::format("remove packages '{}'", fmt::join(names, " ")), *ended);
}

}  // namespace kvmkit::setup
