// SPDX-License-Identifier: Apache-2.0
#include "setup/rpm.hpp"

#include "base/text.hpp"
#include "setup/apt_output.hpp"
#include "setup/installer.hpp"
#include "system/files.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

constexpr const char* query = "%{name}\\t%{evr}\\t%{arch}\\n";

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
        return Error{ErrorCode::unsupported,
                     "cannot read package database: rpm's is read by rpm alone, on the host itself",
                     "run host-setup on that host"};
    }
    const auto ended = runner.run({.argv = {"rpm", "-qa", "--qf", query}, .environment = plain_words()});
    if (!ended) {
        return ended.error();
    }
    if (ended->status != 0) {
        return program_failure("rpm", "read package database", *ended, {});
    }
    return read_rpm_list(ended->out, architecture_of(root));
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
