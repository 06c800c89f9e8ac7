// SPDX-License-Identifier: Apache-2.0
#include "setup/pacman.hpp"

#include "base/text.hpp"
#include "setup/heard.hpp"
#include "setup/pacman_lists.hpp"
#include "setup/rpm.hpp"
#include "system/files.hpp"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

constexpr const char* forecast = "find out what an installation would bring";

bool is_locked(const Completed& ended)
{
    return ended.status != 0 && pacman_is_locked(ended.err);
}

std::uint64_t disk_of(const std::vector<PacmanPackage>& packages, const std::string& name)
{
    const auto found = std::ranges::find(packages, name, &PacmanPackage::name);
    return found == packages.end() ? 0 : found->disk.count();
}

/// What the new ones take, less what their older versions and those that go took; what is freed counts as nothing.
Bytes growth(const std::vector<PacmanPackage>& coming,
             const std::vector<PacmanPackage>& there,
             const std::vector<std::string>& going)
{
    std::uint64_t more = 0;
    std::uint64_t less = 0;
    for (const PacmanPackage& package : coming) {
        more += package.disk.count();
        less += disk_of(there, package.name);
    }
    for (const std::string& name : going) {
        less += disk_of(there, name);
    }
    return Bytes::of(more > less ? more - less : 0);
}

}  // namespace

Pacman::Pacman(Runner& runner, PackageLimits limits, std::filesystem::path top)
    : RevertingManager(runner, std::move(limits)), top_(std::move(top))
{
}

bool Pacman::has_own_lists() const
{
    return own_lists_are_newer(top_);
}

std::vector<std::string> Pacman::by_lists() const
{
    return has_own_lists() ? std::vector<std::string>{"--dbpath", std::string{"/"} + pacman_own_lists}
                           : std::vector<std::string>{};
}

Result<Completed> Pacman::ask(const std::vector<std::string>& words, const std::vector<std::string>& names)
{
    return change(words, names);
}

Result<Completed> Pacman::change(const std::vector<std::string>& words,
                                 const std::vector<std::string>& names,
                                 const OnProgress& on_progress)
{
    ChildCommand command{.argv = {"pacman"}, .environment = plain_words(), .timeout = limits().run};
    command.argv.insert(command.argv.end(), words.begin(), words.end());
    command.argv.insert(command.argv.end(), names.begin(), names.end());
    PacmanProgressReader reader;
    if (on_progress) {
        command.on_line = [&](std::string_view line) {
            if (const auto progress = reader.read(line)) {
                on_progress(*progress);
            }
        };
    }
    return until_unlocked([&] { return run_heard(runner(), command, limits()); }, is_locked);
}

Error Pacman::failure(std::string_view doing, const Completed& ended) const
{
    auto told = ended;
    told.err = fmt::format("{}\n{}", trim(ended.err), pacman_reasons(ended.out));
    auto error = program_failure("pacman", doing, told, limits().log);
    if (is_locked(ended)) {
        error.code = ErrorCode::timeout;
        error.hint = "wait until it is done and run this again, or wait longer with --lock-timeout SECONDS";
    }
    return error;
}

Result<std::vector<std::string>> Pacman::update()
{
    if (auto made = make_own_lists(top_); !made) {
        return std::move(made).error();
    }
    const auto ended = ask({"-Sy",
                            "--noconfirm",
                            "--noprogressbar",
                            "--dbpath",
                            std::string{"/"} + pacman_own_lists,
                            "--logfile",
                            "/dev/null"});
    if (ended && ended->status == 0) {
        return read_pacman_problems(ended->err);
    }
    drop_own_lists(top_);
    return ended ? failure("refresh package lists", *ended) : ended.error();
}

Result<std::vector<PacmanPackage>> Pacman::infos(const std::vector<std::string>& words,
                                                 const std::vector<std::string>& names)
{
    auto all = by_lists();
    all.insert(all.begin(), words.begin(), words.end());
    const auto ended = ask(all, names);
    if (!ended) {
        return ended.error();
    }
    return read_pacman_packages(ended->out);
}

Result<std::map<std::string, std::string>> Pacman::candidates(const std::vector<std::string>& names)
{
    const auto known = infos({"-Si"}, names);
    if (!known) {
        return known.error();
    }
    std::map<std::string, std::string> found;
    for (const PacmanPackage& package : *known) {
        found.emplace(package.name, package.version);
    }
    return found;
}

Result<std::vector<PacmanTarget>> Pacman::targets(const char* operation, const std::vector<std::string>& names)
{
    std::vector<std::string> words{operation, "--needed", "--print", "--print-format", "%n %v %s"};
    const auto lists = by_lists();
    words.insert(words.end(), lists.begin(), lists.end());
    const auto ended = ask(words, names);
    if (!ended) {
        return ended.error();
    }
    return ended->status == 0 ? Result<std::vector<PacmanTarget>>{read_pacman_targets(ended->out)}
                              : failure(forecast, *ended);
}

Result<Price> Pacman::price(const std::vector<std::string>& names)
{
    const auto all = targets("-Su", names);
    const auto asked = all ? targets("-S", names) : all;
    if (!all || !asked) {
        return all ? asked.error() : all.error();
    }
    std::vector<std::string> coming_names;
    coming_names.reserve(all->size());
    Price price;
    std::uint64_t download = 0;
    for (const PacmanTarget& target : *all) {
        const bool for_others = std::ranges::find(*asked, target.name, &PacmanTarget::name) == asked->end();
        price.install.push_back({target.name, target.version, for_others});
        coming_names.push_back(target.name);
        download += target.download.count();
    }
    price.download = Bytes::of(download);
    if (coming_names.empty()) {
        return price;
    }
    const auto coming = infos({"-Si"}, coming_names);
    const auto there = coming ? infos({"-Qi"}, {}) : coming;
    if (!coming || !there) {
        return coming ? there.error() : coming.error();
    }
    price.remove = packages_to_go(*coming, *there, [this](const std::string& one, const std::string& other) {
        const auto ended = runner().run({.argv = {"vercmp", one, other}, .environment = plain_words()});
        return ended ? static_cast<int>(std::strtol(ended->out.c_str(), nullptr, 10)) : 0;
    });
    price.disk = growth(*coming, *there, price.remove);
    return price;
}

Result<void> Pacman::install(const std::vector<std::string>& names, const OnProgress& on_progress)
{
    const auto doing = fmt::format("install packages '{}'", fmt::join(names, " "));
    const std::vector<std::string> quiet{"--needed", "--noconfirm", "--noprogressbar"};
    const bool fetches = has_own_lists();
    auto words = quiet;
    if (fetches) {  // by our lists, so that a mirror which fails leaves pacman's own as they are
        // Nobody else uses that folder: a lock in it is of a run of ours that was killed.
        if (auto unlocked = remove_if_there(top_ / pacman_own_lists / "db.lck"); !unlocked) {
            return unlocked;
        }
        auto first = by_lists();
        first.insert(first.begin(), quiet.begin(), quiet.end());
        first.insert(first.begin(), "-Suw");
        const auto fetched = change(first, names, on_progress);
        if (!fetched || fetched->status != 0) {
            return fetched ? failure(doing, *fetched) : fetched.error();
        }
    }
    words.insert(words.begin(), fetches ? "-Syu" : "-Su");
    auto kept = fetches ? keep_lists(top_) : Result<void>{};
    if (!kept) {
        return kept;
    }
    const auto ended = change(words, names, on_progress);
    if (!ended || ended->status != 0) {
        auto error = ended ? failure(doing, *ended) : ended.error();
        if (auto back = fetches ? give_lists_back(top_) : Result<void>{}; !back) {
            error.message += fmt::format("\n{}", back.error().message);
        }
        return error;
    }
    drop_own_lists(top_);
    if (pacman_script_failed(ended->err)) {
        auto error = failure(doing, *ended);
        error.message = fmt::format("pacman calls it a success, and a script or hook failed: {}", error.message);
        return error;
    }
    for (const std::string& path : read_pacnew(ended->err)) {
        if (on_progress) {
            on_progress(
                {.text = {}, .remark = fmt::format("{} lies beside settings of this host: compare the two", path)});
        }
    }
    return {};
}

Result<std::vector<std::string>> Pacman::present(const std::vector<std::string>& names)
{
    const auto ended = ask({"-Qq"}, names);
    if (!ended) {
        return ended.error();
    }
    std::vector<std::string> found;
    for (const auto line : lines(ended->out)) {
        // pacman -Q finds a package by what it provides, too.
        if (std::ranges::find(names, line) != names.end()) {
            found.emplace_back(line);
        }
    }
    return found;
}

Result<std::vector<std::string>> Pacman::foresee_removal(const std::vector<std::string>& names)
{
    const auto planned = ask({"-R", "--print", "--print-format", "%n"}, names);
    if (!planned) {
        return planned.error();
    }
    auto dependants = read_pacman_dependants(planned->err + "\n" + planned->out);
    if (planned->status != 0 && dependants.empty()) {
        return failure(fmt::format("remove packages '{}'", fmt::join(names, " ")), *planned);
    }
    return dependants;
}

Result<void> Pacman::carry_out_removal(const std::vector<std::string>& names)
{
    const auto ended = change({"-R", "--noconfirm", "--noprogressbar"}, names);
    if (!ended) {
        return ended.error();
    }
    return ended->status == 0 ? Result<void>{}
                              : failure(fmt::format("remove packages '{}'", fmt::join(names, " ")), *ended);
}

}  // namespace kvmkit::setup
