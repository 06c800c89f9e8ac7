// SPDX-License-Identifier: Apache-2.0
#include "setup/pacman_lists.hpp"

#include "base/text.hpp"
#include "system/files.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

namespace fs = std::filesystem;

/// "libvirt-10.0-1", a line each: what is installed, by the folders of pacman's database.
std::string installed_names(const fs::path& top)
{
    std::vector<std::string> names;
    std::error_code problem;
    for (const auto& entry : fs::directory_iterator{top / pacman_database / "local", problem}) {
        names.push_back(entry.path().filename().string());
    }
    std::ranges::sort(names);
    return fmt::format("{}\n", fmt::join(names, "\n"));
}

Error trouble(const std::error_code& problem, const char* doing)
{
    return errno_error(problem.value(), fmt::format("cannot {} pacman's package lists", doing));
}

Result<void> copy_folder(const fs::path& from, const fs::path& to, const char* doing)
{
    std::error_code problem;
    fs::remove_all(to, problem);
    if (!problem) {
        fs::copy(from, to, fs::copy_options::recursive, problem);
    }
    return problem ? Result<void>{trouble(problem, doing)} : Result<void>{};
}

/// The line after "%NAME%".
std::string field(std::string_view description, std::string_view mark)
{
    bool next = false;
    for (const auto line : lines(description)) {
        if (next) {
            return std::string{trim(line)};
        }
        next = trim(line) == mark;
    }
    return {};
}

}  // namespace

bool own_lists_are_newer(const fs::path& top)
{
    std::error_code problem;
    const auto own = fs::last_write_time(top / pacman_own_lists / "sync", problem);
    if (problem) {
        return false;
    }
    const auto theirs = fs::last_write_time(top / pacman_database / "sync", problem);
    return problem || own >= theirs;
}

Result<void> make_own_lists(const fs::path& top)
{
    constexpr mode_t for_all = 0755;  // also pacman's user for downloads reads there
    drop_own_lists(top);
    if (auto made = make_directories(top / pacman_own_lists, for_all); !made) {
        return made;
    }
    std::error_code problem;
    fs::create_symlink(fs::path{"/"} / pacman_database / "local", top / pacman_own_lists / "local", problem);
    return problem ? Result<void>{trouble(problem, "fetch")} : Result<void>{};
}

void drop_own_lists(const fs::path& top)
{
    std::error_code problem;
    fs::remove_all(top / pacman_own_lists, problem);
}

Result<void> keep_lists(const fs::path& top)
{
    const auto theirs = top / pacman_database / "sync";
    const auto kept = top / pacman_own_lists / "before";
    std::error_code problem;
    if (!fs::exists(theirs, problem)) {  // a host that never fetched any
        fs::create_directory(theirs, problem);
    }
    if (problem) {
        return trouble(problem, "keep");
    }
    const auto installed = installed_names(top);
    if (auto written = write_atomically(top / pacman_own_lists / "installed", installed, 0644); !written) {
        return written;
    }
    return copy_folder(theirs, kept, "keep");
}

Result<void> give_lists_back(const fs::path& top)
{
    const auto own = top / pacman_own_lists;
    const auto here = Root::open(own);
    const auto before = here ? here->read("installed") : Fact<std::string>{};
    if (!before || !*before || **before != installed_names(top)) {
        return {};  // what came with the new lists needs them
    }
    return copy_folder(own / "before", top / pacman_database / "sync", "give back");
}

Result<PackageTable> read_pacman_packages(const Root& root, const std::string& architecture)
{
    const std::string folder = std::string{pacman_database} + "/local";
    const auto names = root.names(folder);
    if (!names || !*names) {
        return names ? Error{ErrorCode::not_found, fmt::format("cannot read package database: no '/{}'", folder)}
                     : names.error();
    }
    std::vector<Package> packages;
    packages.reserve((*names)->size());
    for (const std::string& name : **names) {
        const auto text = root.read(fmt::format("{}/{}/desc", folder, name));
        if (!text) {
            return text.error();
        }
        if (!*text) {
            continue;  // the file that says which version the database is of
        }
        const auto own = field(**text, "%ARCH%");
        packages.push_back(
            {field(**text, "%NAME%"), own == "any" ? "all" : own, field(**text, "%VERSION%"), "installed"});
    }
    return PackageTable::of(std::move(packages), architecture);
}

}  // namespace kvmkit::setup
