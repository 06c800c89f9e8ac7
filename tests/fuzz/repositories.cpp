// SPDX-License-Identifier: Apache-2.0
// Any file of repositories, of yum, dnf and zypper, and any pacman.conf with its list of servers: settings lie where
// they say, no edit is no change, and a switch to a mirror touches nothing of others, keeps all checks, and is the same
// the second time.
#include "setup/sources/pacman_switch.hpp"
#include "setup/sources/repo_switch.hpp"

#include <cstdint>
#include <cstdlib>

namespace {

using namespace kvmkit::setup;

constexpr const char* mirror = "http://n/x/";

void demand(bool holds)
{
    if (!holds) {
        std::abort();
    }
}

SettingsFile check_places(SettingsDialect dialect, std::string_view text)
{
    auto read = read_settings(dialect, text);
    std::size_t last = 0;
    for (const SettingsSection& section : read.sections) {
        demand(section.begin >= last && section.begin <= section.body && section.body <= section.end);
        last = section.end;
        std::size_t line = section.body;
        for (const Setting& setting : section.settings) {
            demand(setting.begin >= line);  // edits rely on it
            line = setting.end;
            demand(setting.begin <= setting.value_begin && setting.value_begin <= setting.value_end);
            demand(setting.value_end <= setting.end && setting.end <= section.end);
            demand(text.substr(setting.begin, setting.end - setting.begin).find(setting.name) !=
                   std::string_view::npos);
        }
    }
    demand(last <= text.size());
    return read;
}

std::vector<std::string> values_of(const SettingsFile& file, std::string_view name)
{
    std::vector<std::string> values;
    for (const SettingsSection& section : file.sections) {
        values.push_back(section.value(name));
    }
    return values;
}

void check_repositories(std::string_view text, const Distribution& distribution)
{
    const RepoFile file{"etc/a", std::string{text}, check_places(SettingsDialect::repo, text)};
    if (!file.settings.malformed.empty()) {
        return;
    }
    const MirrorCatalogue none;
    const RepositoryOwner owner{distribution, none};
    OriginalSources original;  // once moved, they are known by what they were
    original.files.push_back({.path = file.path, .bytes = file.text});
    const auto once = plan_repo_switch({file}, owner, original, {mirror, mirror});
    if (once.files.empty()) {
        return;
    }
    const auto& changed = once.files.front().text;
    const RepoFile again{"etc/a", changed, read_settings(SettingsDialect::repo, changed)};
    demand(again.settings.malformed.empty());
    for (const auto* name : {"gpgcheck", "repo_gpgcheck", "gpgkey", "enabled", "sslverify"}) {
        demand(values_of(again.settings, name) == values_of(file.settings, name));
    }
    demand(plan_repo_switch({again}, owner, original, {mirror, mirror}).files.empty());
}

RepoFile pacman_file(const std::string& path, const std::string& text)
{
    return {path, text, check_places(SettingsDialect::pacman, text)};
}

void check_pacman(std::string_view text)
{
    const auto half = text.size() / 2;
    const std::string list_path = "etc/pacman.d/mirrorlist";
    PacmanSources sources{pacman_file("etc/pacman.conf", std::string{text.substr(0, half)}), {}};
    sources.lists.emplace(list_path, pacman_file(list_path, std::string{text.substr(half)}));
    (void)pacman_archives(sources);
    for (const ChangedSource& changed : plan_pacman_switch(sources, {mirror}).files) {
        auto& target = changed.path == list_path ? sources.lists.at(list_path) : sources.conf;
        target = pacman_file(changed.path, changed.text);
    }
    demand(plan_pacman_switch(sources, {mirror}).files.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    check_repositories(text, {"rocky", "9.4", "Rocky Linux 9.4", {}, Family::rhel, 904});
    check_repositories(text, {"fedora", "41", "Fedora 41", {}, Family::fedora, 4100});
    check_repositories(text, {"opensuse-leap", "15.6", "openSUSE Leap 15.6", {}, Family::suse, 1506});
    check_pacman(text);
    return 0;
}
