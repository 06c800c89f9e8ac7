// SPDX-License-Identifier: Apache-2.0
#include "setup/rpm.hpp"

#include "base/text.hpp"
#include "setup/apt_output.hpp"
#include "setup/installer.hpp"
#include "setup/sources/workshop.hpp"
#include "system/files.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

constexpr const char* query = "%{name}\\t%{evr}\\t%{arch}\\n";

Result<PackageTable> ask_for_all(Runner& runner, std::vector<std::string> argv, const std::string& architecture)
{
    const auto ended = runner.run({.argv = std::move(argv), .environment = plain_words()});
    if (!ended) {
        return ended.error();
    }
    if (ended->status != 0) {
        return program_failure("rpm", "read package database", *ended, {});
    }
    return read_rpm_list(ended->out, architecture);
}

/// Where rpm keeps its database, by release.
constexpr std::array databases{"usr/lib/sysimage/rpm", "var/lib/rpm"};
/// SQLite's with what is not yet written into it, ndb's, and Berkeley DB's.
constexpr std::array database_files{"rpmdb.sqlite", "rpmdb.sqlite-wal", "Packages.db", "Packages"};

/// False: there is no such file.
Result<bool> copy_file(const Root& root, const std::string& path, const std::filesystem::path& folder)
{
    constexpr std::size_t most = 1U << 30U;
    const auto found = root.read(path, most);
    if (!found || !*found) {
        return found ? Result<bool>{false} : found.error();
    }
    auto written = write_atomically(folder / std::filesystem::path{path}.filename(), **found, 0600);
    return written ? Result<bool>{true} : std::move(written).error();
}

/// Copies an image's database into a folder: rpm may write beside what it only reads. False: there is none.
Result<bool> copy_database(const Root& root, const std::filesystem::path& folder)
{
    for (const char* place : databases) {
        bool any = false;
        for (const char* name : database_files) {
            auto copied = copy_file(root, fmt::format("{}/{}", place, name), folder);
            if (!copied) {
                return copied;
            }
            any = any || *copied;
        }
        if (any) {
            return true;
        }
    }
    return false;
}

/// By this machine's rpm, which knows the formats of its own release and of most older ones.
Result<PackageTable> read_rpm_image(const Root& root, Runner& runner)
{
    auto workshop = Workshop::open("/", fmt::format("rpm-image-{}", ::getpid()));
    if (!workshop) {
        return std::move(workshop).error();
    }
    auto there = copy_database(root, workshop->path());
    if (!there) {
        return std::move(there).error();
    }
    if (!*there) {
        return Error{ErrorCode::not_found,
                     "cannot read package database: no 'rpmdb.sqlite', 'Packages.db' or 'Packages'"};
    }
    auto packages = ask_for_all(
        runner, {"rpm", "--dbpath", workshop->path().string(), "-qa", "--qf", query}, architecture_of(root));
    if (!packages) {
        return Error{
            ErrorCode::unsupported,
            fmt::format("cannot read the image's package database by this machine's rpm: {}", packages.error().message),
            "install rpm here, or run host-setup in the image"};
    }
    return packages;
}

}  // namespace

const std::map<std::string, std::string>& plain_words()
{
    static const std::map<std::string, std::string> variables{{"LC_ALL", "C.UTF-8"}, {"LANGUAGE", "C"}};
    return variables;
}

PackageTable read_rpm_list(std::string_view text, const std::string& architecture)
{
    std::vector<Package> packages;
    for (const auto line : lines(text)) {
        const auto parts = split(line, '\t');
        constexpr std::size_t fields = 3;
        if (parts.size() == fields && parts[2] != "(none)") {
            packages.push_back({std::string{parts[0]},
                                parts[2] == "noarch" ? "all" : std::string{parts[2]},
                                std::string{parts[1]},
                                "installed"});
        }
    }
    return PackageTable::of(std::move(packages), architecture);
}

Result<PackageTable> read_rpm_packages(const Root& root, Runner& runner)
{
    if (!root.is_this_host()) {
        return read_rpm_image(root, runner);
    }
    return ask_for_all(runner, {"rpm", "-qa", "--qf", query}, architecture_of(root));
}

Result<std::vector<std::string>> installed_among(Runner& runner, const std::vector<std::string>& names)
{
    std::vector<std::string> argv{"rpm", "-q", "--qf", query};
    argv.insert(argv.end(), names.begin(), names.end());
    const auto ended = runner.run({.argv = std::move(argv), .environment = plain_words()});
    if (!ended) {
        return ended.error();
    }
    std::set<std::string> there;  // one may be there for two architectures
    const auto table = read_rpm_list(ended->out, {});
    for (const auto& [key, package] : table.all()) {
        there.insert(package.name);
    }
    return std::vector<std::string>{there.begin(), there.end()};
}

Error program_failure(std::string_view program,
                      std::string_view doing,
                      const Completed& ended,
                      const std::filesystem::path& log)
{
    Error error{
        ErrorCode::external,
        fmt::format(
            "cannot {}: {} ended with {}:\n{}", doing, program, ended.status, failure_excerpt(ended.out, ended.err))};
    if (!log.empty() && write_atomically(log, ended.out + "\n" + ended.err, 0600)) {
        error.hint = fmt::format("all that {} said is in {}", program, log.string());
    }
    return error;
}

Result<void> check_alone(const std::vector<std::string>& names, std::vector<std::string> removed)
{
    std::erase_if(removed, [&](const std::string& each) { return std::ranges::find(names, each) != names.end(); });
    if (removed.empty()) {
        return {};
    }
    return Error{ErrorCode::refused,
                 fmt::format("refused to remove packages '{}': '{}' would have to go, too",
                             fmt::join(names, " "),
                             fmt::join(removed, " ")),
                 "they came later: remove those first, or keep all"};
}

}  // namespace kvmkit::setup
