// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/used.hpp"

#include "setup/add_once.hpp"
#include "setup/sources/host_sources.hpp"
#include "setup/sources/original.hpp"
#include "setup/sources/pacman_switch.hpp"
#include "setup/sources/repo_switch.hpp"

#include <algorithm>

namespace kvmkit::setup {
namespace {

Result<std::vector<std::string>> used_by_apt(const Root& root,
                                             const Distribution& distribution,
                                             const MirrorCatalogue& catalogue)
{
    const auto files = read_sources(root);
    if (!files) {
        return files.error();
    }
    const SourceOwner owner{root, distribution, catalogue};
    std::vector<std::string> used;
    const auto take = [&](const SourceEntry& entry) {
        const bool base = std::ranges::any_of(entry.suites, [&](const SourceWord& suite) {
            return part_of_suite(suite.text, distribution) == SuitePart::base;
        });
        if (base && entry.enabled && owner.is_distributions(entry)) {
            std::ranges::for_each(entry.uris, [&](const SourceWord& uri) { add_once(used, as_folder(uri.text)); });
        }
    };
    for (const SourceFile& file : *files) {
        std::ranges::for_each(file.entries.entries, take);
    }
    return used;
}

/// Of a repository's address what stands before its place; empty: it is laid out otherwise, or a list of mirrors.
std::string archive_of(const std::string& address, const RepositoryPlace& place)
{
    const auto folder = as_folder(address);
    return folder.ends_with(place.path) ? folder.substr(0, folder.size() - place.path.size()) : std::string{};
}

void take_archives(const SettingsSection& repository,
                   const std::optional<RepositoryPlace>& place,
                   std::vector<std::string>& used)
{
    if (!place || place->security || !is_enabled(repository)) {
        return;
    }
    for (const std::string& address : addresses_in(repository.value("baseurl"))) {
        if (const auto archive = archive_of(address, *place); !archive.empty()) {
            add_once(used, archive);
        }
    }
}

Result<std::vector<std::string>> used_by_repositories(const Root& root,
                                                      const Distribution& distribution,
                                                      const MirrorCatalogue& catalogue)
{
    const auto files = read_repo_files(root, distribution.installer);
    const auto original = files ? read_original_sources(root) : Result<OriginalSources>{files.error()};
    if (!original) {
        return original.error();
    }
    const RepositoryOwner owner{distribution, catalogue};
    std::vector<std::string> used;
    for (const RepoFile& file : *files) {
        for (const SettingsSection& repository : file.settings.sections) {
            take_archives(repository, place_of(file, repository, owner, *original), used);
        }
    }
    return used;
}

}  // namespace

Result<std::vector<std::string>> archives_in_use(const Root& root,
                                                 const Distribution& distribution,
                                                 const MirrorCatalogue& catalogue)
{
    switch (distribution.installer) {
        case Installer::apt: return used_by_apt(root, distribution, catalogue);
        case Installer::pacman: {
            const auto sources = read_pacman_sources(root);
            return sources ? Result<std::vector<std::string>>{pacman_archives(*sources)} : sources.error();
        }
        default: return used_by_repositories(root, distribution, catalogue);
    }
}

}  // namespace kvmkit::setup
