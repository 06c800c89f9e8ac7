// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/repo_proof.hpp"

#include "setup/dnf.hpp"
#include "setup/pacman.hpp"
#include "setup/pacman_lists.hpp"
#include "setup/sources/repo_switch.hpp"
#include "setup/zypper.hpp"

#include <algorithm>
#include <initializer_list>
#include <system_error>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

using Words = std::vector<std::string>;

Words joined(std::initializer_list<Words> parts)
{
    Words words;
    for (const Words& part : parts) {
        words.insert(words.end(), part.begin(), part.end());
    }
    return words;
}

/// The names of repositories, by whether they come from an archive.
struct RepositoryNames {
    Words from_it;
    Words others;

    void take(const SettingsFile& settings, const std::string& archive)
    {
        for (const SettingsSection& repository : settings.sections) {
            const bool from = repository.value("baseurl").starts_with(archive);
            if (is_enabled(repository)) {
                (from ? from_it : others).push_back(repository.id);
            }
        }
    }
};

Error failed(const std::string& archive, Installer installer, const Completed& ended)
{
    const auto all = ended.out + "\n" + ended.err;
    const auto failure = read_repository_failure(all);
    return failure ? unusable(archive, failure->cause, failure->line, failure->hint)
                   : unusable(archive,
                              fmt::format("{} ended with {}", word(installer), ended.status),
                              failure_excerpt(ended.out, ended.err, 3),
                              "");
}

/// That another manager holds a lock is no fault of an archive.
template <class Manager>
std::optional<Error> held_up(const Manager& manager, const Completed& ended)
{
    auto told = manager.failure("read repositories", ended);
    return told.code == ErrorCode::timeout ? std::optional{std::move(told)} : std::nullopt;
}

/// What one run said, as the answer to whether the archive can be read.
template <class Manager>
Result<void> read_answer(const Manager& manager,
                         const Result<Completed>& ended,
                         const std::string& archive,
                         Installer installer)
{
    if (!ended || ended->status == 0) {
        return ended ? Result<void>{} : Result<void>{ended.error()};
    }
    auto held = held_up(manager, *ended);
    return held ? std::move(*held) : failed(archive, installer, *ended);
}

Words strictness(const RepositoryNames& names)
{
    Words words;
    for (const std::string& id : names.from_it) {
        words.push_back(fmt::format("--setopt={}.skip_if_unavailable=0", id));
    }
    for (const std::string& id : names.others) {
        words.push_back(fmt::format("--setopt={}.skip_if_unavailable=1", id));
    }
    return words;
}

/// A proof by one package manager: its repositories laid out, read, and an installation planned from them.
class RepoProof {
public:
    RepoProof(Runner& runner, const Workshop& workshop, const ProofOrder& order, Installer installer)
        : runner_(runner), top_(workshop.path()), order_(order), installer_(installer)
    {
    }

    Result<void> run()
    {
        if (auto laid = lay_out(top_, {"parts", "db"}, order_.sources); !laid) {
            return laid;
        }
        if (installer_ == Installer::pacman) {
            return by_pacman();
        }
        for (const ChangedSource& source : order_.sources) {
            names_.take(read_settings(SettingsDialect::repo, source.text), order_.archive);
        }
        return installer_ == Installer::zypper ? by_zypper() : by_dnf();
    }

private:
    [[nodiscard]] std::string place(std::string_view name) const { return fmt::format("{}/{}", top_.string(), name); }

    Result<void> by_dnf()
    {
        Dnf dnf{runner_, order_.limits, installer_ == Installer::dnf5 ? DnfGeneration::five : DnfGeneration::four};
        Words places{"--setopt=reposdir=" + place("parts"), "--setopt=cachedir=" + place("cache")};
        if (installer_ == Installer::dnf5) {
            places.push_back("--setopt=system_cachedir=" + place("cache"));  // root's is another
        }
        places = joined({places, strictness(names_)});
        auto read =
            read_answer(dnf, dnf.change(joined({places, {"makecache", "--refresh"}})), order_.archive, installer_);
        if (!read || order_.packages.empty()) {
            return read;
        }
        const auto planned = dnf.change(joined({places, {"--assumeno", "install"}, order_.packages}));
        if (!planned) {
            return planned.error();
        }
        return dnf.transaction(*planned) ? Result<void>{} : lacking(dnf, *planned);
    }

    Result<void> by_zypper()
    {
        Zypper zypper{runner_, order_.limits};
        const Words places{"--reposd-dir", place("parts"), "--cache-dir", place("cache")};
        const auto wait = order_.limits.lock_wait;
        auto read = read_answer(
            zypper, zypper.run(joined({places, {"refresh"}, names_.from_it}), wait), order_.archive, installer_);
        if (!read || order_.packages.empty()) {
            return read;
        }
        if (!names_.others.empty()) {  // those that cannot be read are no fault of this archive
            (void)zypper.run(joined({places, {"refresh"}, names_.others}), wait);
        }
        const Words plan{"--no-refresh", "install", "--dry-run", "--no-recommends"};
        const auto planned = zypper.run(joined({places, plan, order_.packages}), wait);
        if (!planned) {
            return planned.error();
        }
        constexpr int skipped_repositories = 106;
        const bool good = planned->status == 0 || planned->status == skipped_repositories;
        return good ? Result<void>{} : lacking(zypper, *planned);
    }

    Result<void> by_pacman()
    {
        std::error_code problem;
        std::filesystem::create_symlink(fmt::format("/{}/local", pacman_database), top_ / "db/local", problem);
        if (problem) {
            return errno_error(problem.value(), fmt::format("cannot make '{}'", place("db/local")));
        }
        Pacman pacman{runner_, order_.limits};
        const Words places{
            "--config", place("parts/pacman.conf"), "--dbpath", place("db"), "--logfile", "/dev/null", "--noconfirm"};
        auto read = read_answer(
            pacman, pacman.change(joined({{"-Sy", "--noprogressbar"}, places})), order_.archive, installer_);
        if (!read || order_.packages.empty()) {
            return read;
        }
        const auto planned = pacman.change(joined({{"-S", "--needed", "--print"}, places}), order_.packages);
        if (!planned) {
            return planned.error();
        }
        return planned->status == 0 ? Result<void>{} : lacking(pacman, *planned);
    }

    template <class Manager>
    [[nodiscard]] Error lacking(const Manager& manager, const Completed& ended) const
    {
        if (auto held = held_up(manager, ended)) {
            return std::move(*held);
        }
        auto error = unusable(order_.archive,
                              fmt::format("'{}' cannot be installed from it", fmt::join(order_.packages, " ")),
                              failure_excerpt(ended.out, ended.err, 6),
                              "is it complete? other mirrors: host-setup mirror test");
        error.code = ErrorCode::not_found;
        return error;
    }

    Runner& runner_;
    std::filesystem::path top_;
    const ProofOrder& order_;
    Installer installer_;
    RepositoryNames names_;
};

Result<void> refresh_pacman(Runner& runner, const PackageLimits& limits, const std::string& archive)
{
    const auto problems = Pacman{runner, limits}.update();
    if (!problems) {
        const auto& error = problems.error();
        return read_repository_failure(error.message) ? failed(archive, Installer::pacman, {1, {}, error.message})
                                                      : error;
    }
    const auto ours = std::ranges::find_if(*problems, [&](const std::string& problem) {
        return problem.find(fmt::format(" from {} ", authority_of(archive))) != std::string::npos;
    });
    return ours == problems->end() ? Result<void>{} : failed(archive, Installer::pacman, {1, {}, *ours});
}

Result<void> refresh_ids(Runner& runner,
                         const PackageLimits& limits,
                         const RepositoryNames& names,
                         Installer installer,
                         const std::string& archive)
{
    if (installer == Installer::zypper) {
        Zypper zypper{runner, limits};
        const auto ended = zypper.run(joined({{"refresh"}, names.from_it}), limits.lock_wait);
        return read_answer(zypper, ended, archive, installer);
    }
    Words words = strictness({names.from_it, {}});
    for (const std::string& id : names.from_it) {
        words.push_back("--repo=" + id);
    }
    Dnf dnf{runner, limits, installer == Installer::dnf5 ? DnfGeneration::five : DnfGeneration::four};
    return read_answer(dnf, dnf.change(joined({words, {"makecache", "--refresh"}})), archive, installer);
}

}  // namespace

Result<void> prove_repositories(Runner& runner, const Workshop& workshop, const ProofOrder& order, Installer installer)
{
    return RepoProof{runner, workshop, order, installer}.run();
}

Result<void> refresh_repositories(
    Runner& runner, const PackageLimits& limits, const Root& root, Installer installer, const std::string& archive)
{
    RepositoryNames names;
    const bool by_names = installer != Installer::pacman;
    const auto files =
        by_names ? read_repo_files(root, installer) : Result<std::vector<RepoFile>>{std::vector<RepoFile>{}};
    if (!files) {
        return files.error();
    }
    for (const RepoFile& file : *files) {
        names.take(file.settings, archive);
    }
    auto read =
        by_names ? refresh_ids(runner, limits, names, installer, archive) : refresh_pacman(runner, limits, archive);
    if (read) {
        return read;
    }
    auto error = std::move(read).error();
    if (error.code == ErrorCode::external) {
        error.code = ErrorCode::rolled_back;
    }
    return error;
}

}  // namespace kvmkit::setup
