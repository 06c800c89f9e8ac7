// SPDX-License-Identifier: Apache-2.0
#include "setup/dnf.hpp"

#include "setup/dnf_output.hpp"
#include "setup/heard.hpp"
#include "setup/rpm.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

constexpr int locked = 200;  ///< dnf's exit code where exit_on_lock is set and somebody is at work.

std::string both(const Completed& ended)
{
    return ended.out + "\n" + ended.err;
}

}  // namespace

Result<Completed> Dnf::ask(const std::vector<std::string>& words, const OnProgress& on_progress)
{
    ChildCommand command{
        .argv = {"dnf", "-y", "--setopt=exit_on_lock=1", "--setopt=install_weak_deps=0", "--color=never"},
        .environment = plain_words(),
        .timeout = limits().run};
    if (is_fifth()) {
        command.argv = {"dnf5", "-y", "--setopt=install_weak_deps=0"};
        command.environment["FORCE_COLUMNS"] = "1000";  // otherwise it cuts names off
    }
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    if (on_progress) {
        auto& stream = is_fifth() ? command.on_error_line : command.on_line;
        stream = [this, &on_progress](std::string_view line) {
            if (const auto progress = is_fifth() ? read_dnf5_progress(line) : read_dnf_progress(line)) {
                on_progress(*progress);
            }
        };
    }
    return run_heard(runner(), std::move(command), limits());
}

Result<Completed> Dnf::change(const std::vector<std::string>& words, const OnProgress& on_progress)
{
    if (is_fifth()) {
        return ask(words, on_progress);
    }
    return until_unlocked([&] { return ask(words, on_progress); },
                          [](const Completed& ended) { return ended.status == locked; });
}

Error Dnf::failure(std::string_view doing, const Completed& ended) const
{
    if (ended.status == locked && !is_fifth()) {
        return {
            ErrorCode::timeout,
            fmt::format("cannot {}: another dnf or rpm is at work:\n{}", doing, failure_excerpt(ended.out, ended.err)),
            "wait until it is done and run this again, or wait longer with --lock-timeout SECONDS"};
    }
    return program_failure(is_fifth() ? "dnf5" : "dnf", doing, ended, limits().log);
}

std::vector<std::string> Dnf::removal(const std::vector<std::string>& names, const char* answer) const
{
    // dnf5 knows --noautoremove behind the word "remove" alone.
    std::vector<std::string> words{
        is_fifth() ? "--setopt=clean_requirements_on_remove=0" : "--noautoremove", answer, "remove"};
    words.insert(words.end(), names.begin(), names.end());
    return words;
}

std::optional<Price> Dnf::transaction(const Completed& ended) const
{
    if (is_fifth()) {
        return read_dnf5_transaction(both(ended));  // the sums are on standard error
    }
    const bool resolved = ended.out.find("Dependencies resolved.") != std::string::npos;
    return resolved ? std::optional{read_dnf_transaction(ended.out)} : std::nullopt;
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
    std::vector<std::string> words{"-q", "-C", "repoquery", "--available", "--latest-limit=1", "--qf"};
    // dnf5 ends no line by itself, and knows \n alone.
    words.emplace_back(is_fifth() ? "%{name}\t%{evr}\n" : "%{name}\\t%{evr}");
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
    auto price = transaction(*ended);
    if (!price || (ended->status != 0 && ended->status != 1)) {
        return failure("find out what an installation would bring", *ended);
    }
    return std::move(*price);
}

Result<std::vector<std::string>> Dnf::rest_of(const std::string& group)
{
    const auto ended = ask({"-C", "--assumeno", "install", group});
    if (!ended) {
        return ended.error();
    }
    auto members = read_dnf_members(both(*ended));
    if (!members || (ended->status != 0 && ended->status != 1)) {
        return failure(fmt::format("find out what group '{}' consists of", group), *ended);
    }
    return std::move(*members);
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

Result<std::vector<std::string>> Dnf::present(const std::vector<std::string>& names)
{
    return installed_among(runner(), names);
}

Result<std::vector<std::string>> Dnf::foresee_removal(const std::vector<std::string>& names)
{
    const auto planned = change(removal(names, "--assumeno"));
    if (!planned) {
        return planned.error();
    }
    auto price = transaction(*planned);
    if (!price) {
        return failure(fmt::format("remove packages '{}'", fmt::join(names, " ")), *planned);
    }
    return std::move(price->remove);
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
