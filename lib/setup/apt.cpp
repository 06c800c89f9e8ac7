// SPDX-License-Identifier: Apache-2.0
#include "setup/apt.hpp"

#include "setup/heard.hpp"
#include "system/files.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

/// All that is known to make a package's scripts ask, told not to.
const std::map<std::string, std::string>& silence()
{
    static const std::map<std::string, std::string> variables{{"DEBIAN_FRONTEND", "noninteractive"},
                                                              {"DEBCONF_NONINTERACTIVE_SEEN", "true"},
                                                              {"APT_LISTCHANGES_FRONTEND", "none"},
                                                              {"NEEDRESTART_SUSPEND", "1"},
                                                              {"NEEDRESTART_MODE", "l"},
                                                              {"UCF_FORCE_CONFFOLD", "1"},
                                                              {"LC_ALL", "C.UTF-8"},
                                                              {"LANGUAGE", "C"}};
    return variables;
}

/// The first apt that knows --error-on=any among released ones: 2.2 of Debian 11.
constexpr unsigned first_with_error_on = 2001;

}  // namespace

Result<Completed> Apt::run(std::vector<std::string> argv, const OnProgress& on_progress)
{
    ChildCommand command{.argv = std::move(argv), .environment = silence(), .timeout = limits_.run};
    AptProgressReader reader;
    if (on_progress) {
        command.on_line = [&on_progress, &reader](std::string_view line) {
            if (const auto progress = reader.read(line)) {
                on_progress(*progress);
            }
        };
    }
    return run_heard(runner_, std::move(command), limits_);
}

Error Apt::failure(std::string_view doing, const Completed& ended) const
{
    const bool not_fetched = ended.err.find("Unable to fetch some archives") != std::string::npos;
    Error error{
        ErrorCode::external,
        fmt::format(
            "cannot {}: apt-get ended with {}:\n{}", doing, ended.status, failure_excerpt(ended.out, ended.err))};
    if (!limits_.log.empty() && write_atomically(limits_.log, ended.out + "\n" + ended.err, 0600)) {
        error.hint = fmt::format("all that apt said is in {}", limits_.log.string());
    }
    if (not_fetched) {
        error.hint = "is the network up? if it is, the lists are out of date: apt-get update; then run this again";
    }
    return error;
}

std::vector<std::string> Apt::apt_get(const std::vector<std::string>& words) const
{
    std::vector<std::string> argv{"apt-get",
                                  "-y",
                                  "-q",
                                  "-oDpkg::Options::=--force-confdef",
                                  "-oDpkg::Options::=--force-confold",
                                  "-oDpkg::Use-Pty=0",
                                  fmt::format("-oDPkg::Lock::Timeout={}", limits_.lock_wait.count())};
    argv.insert(argv.end(), words.begin(), words.end());
    return argv;
}

bool Apt::knows_error_on()
{
    const auto version = run({"apt-get", "--version"});
    return version && read_apt_version(version->out) >= first_with_error_on;
}

Result<Completed> Apt::update_from(const std::vector<std::string>& options)
{
    std::vector<std::string> words{"update"};
    if (knows_error_on()) {
        words.emplace_back("--error-on=any");
    }
    words.insert(words.end(), options.begin(), options.end());
    return run(apt_get(words));
}

Result<Completed> Apt::simulate_from(const std::vector<std::string>& options, const std::vector<std::string>& names)
{
    std::vector<std::string> words{"-s", "--no-install-recommends", "install"};
    words.insert(words.end(), options.begin(), options.end());
    words.insert(words.end(), names.begin(), names.end());
    return run(apt_get(words));
}

Result<std::vector<std::string>> Apt::update()
{
    auto ended = update_from({});
    if (!ended) {
        return std::move(ended).error();
    }
    auto problems = read_update_problems(ended->out + "\n" + ended->err);
    if (ended->status != 0 && problems.empty()) {
        return failure("refresh package lists", *ended);
    }
    return problems;
}

Result<std::map<std::string, std::string>> Apt::candidates(const std::vector<std::string>& names)
{
    std::vector<std::string> argv{"apt-cache", "policy"};
    argv.insert(argv.end(), names.begin(), names.end());
    const auto ended = run(std::move(argv));
    if (!ended) {
        return ended.error();
    }
    return read_candidates(ended->out);
}

Result<Price> Apt::price(const std::vector<std::string>& names)
{
    std::vector<std::string> simulate{"-s", "--no-install-recommends", "install"};
    simulate.insert(simulate.end(), names.begin(), names.end());
    const auto simulated = run(apt_get(simulate));
    if (!simulated) {
        return simulated.error();
    }
    if (simulated->status != 0) {
        return failure("find out what an installation would bring", *simulated);
    }
    Price price = read_simulation(simulated->out);
    simulate.front() = "--print-uris";
    const auto counted = run(apt_get(simulate));
    if (!counted) {
        return counted.error();
    }
    price.download = read_download_size(counted->out);
    price.disk = read_disk_size(counted->out);
    return price;
}

Result<void> Apt::install(const std::vector<std::string>& names, const OnProgress& on_progress)
{
    std::vector<std::string> words{"--no-install-recommends"};
    if (!limits_.may_remove) {
        words.emplace_back("--no-remove");
    }
    words.emplace_back("install");
    words.insert(words.end(), names.begin(), names.end());
    const auto ended = run(apt_get(words), on_progress);
    if (!ended) {
        return ended.error();
    }
    if (ended->status != 0) {
        return failure(fmt::format("install packages '{}'", fmt::join(names, " ")), *ended);
    }
    return {};
}

Result<void> Apt::finish()
{
    // What dpkg cannot configure as it is, apt tries again with what it lacks: its answer counts.
    const auto configured = run({"dpkg", "--force-confdef", "--force-confold", "--configure", "-a"});
    if (!configured) {
        return configured.error();
    }
    const auto mended = run(apt_get({"--no-remove", "-f", "install"}));
    if (!mended) {
        return mended.error();
    }
    if (mended->status != 0) {
        return failure("finish what an interrupted dpkg began", *mended);
    }
    return {};
}

}  // namespace kvmkit::setup
