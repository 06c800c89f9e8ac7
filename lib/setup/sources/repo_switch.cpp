// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/repo_switch.hpp"

#include "setup/sources/internal/readers.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

bool is_list(const Setting& setting)
{
    return setting.name == "metalink" || setting.name == "mirrorlist";
}

/// The first line of a value is replaced; further ones become comments.
void replace_value(std::string_view text, Setting setting, const std::string& value, std::vector<SourceEdit>& edits)
{
    const auto first_end = std::min(text.find('\n', setting.value_begin), setting.value_end);
    edits.push_back({setting.value_begin, first_end, value});
    setting.begin = std::min(text.find('\n', setting.value_begin), setting.end - 1) + 1;
    comment_out(text, setting, edits);
}

/// The edits of a file that have one of its repositories come from `target`.
void move_repository(const RepoFile& file,
                     const SettingsSection& repository,
                     const std::string& target,
                     std::vector<SourceEdit>& edits)
{
    const Setting* base = repository.find("baseurl");
    auto behind = repository.body;  // where a new line goes
    for (const Setting& setting : repository.settings) {
        const bool older = setting.name == "baseurl" && &setting != base;
        if (is_list(setting) || older) {
            comment_out(file.text, setting, edits);
            behind = setting.end;
        }
    }
    if (base == nullptr) {
        const bool open = behind == file.text.size() && !file.text.ends_with('\n');
        edits.push_back({behind, behind, fmt::format("{}baseurl={}\n", open ? "\n" : "", target)});
    } else if (as_folder(base->value) != target) {
        replace_value(file.text, *base, target, edits);
    }
}

/// One file's part of the plan.
class FileSwitch {
public:
    FileSwitch(const RepoFile& file, const RepositoryOwner& owner, const OriginalSources& original, SwitchPlan& plan)
        : file_(file), owner_(owner), original_(original), plan_(plan)
    {
    }

    void plan(const SwitchWish& wish)
    {
        for (const SettingsSection& repository : file_.settings.sections) {
            const bool counts = file_.settings.find(repository.id) == &repository;  // of several of one name the last
            if (counts && is_enabled(repository)) {
                take(repository, wish);
            }
        }
        auto changed = with_edits(file_.text, edits_);
        if (auto text = proof_text(changed); !text.empty()) {
            plan_.to_prove.push_back({file_.path, std::move(text)});
        }
        if (!edits_.empty()) {
            plan_.files.push_back({file_.path, std::move(changed)});
        }
    }

private:
    void take(const SettingsSection& repository, const SwitchWish& wish)
    {
        const auto place = place_of(file_, repository, owner_, original_);
        if (!place) {
            note(repository, "is none of the distribution's that mirrors are known to have; it is left as it is");
            return;
        }
        if (const auto service = repository.value("service"); !service.empty()) {
            note(repository, fmt::format("is written by service {}, which would undo a change: it is left", service));
            return;
        }
        ++plan_.entries;
        ids_.push_back(repository.id);
        const auto& archive = place->security ? wish.security : wish.archive;
        if (archive.empty()) {
            note(repository, "brings security updates: it stays where it is (--security moves it, too)");
            return;
        }
        move_repository(file_, repository, archive + place->path, edits_);
    }

    void note(const SettingsSection& repository, std::string_view what)
    {
        plan_.notes.push_back(
            fmt::format("/{} line {}: repository {} {}", file_.path, repository.line, repository.id, what));
    }

    /// Of the file as it is going to be, the distribution's repositories.
    [[nodiscard]] std::string proof_text(const std::string& changed) const
    {
        std::string text;
        const auto settings = read_settings(SettingsDialect::repo, changed);
        for (const SettingsSection& repository : settings.sections) {
            if (std::ranges::find(ids_, repository.id) != ids_.end()) {
                text += changed.substr(repository.begin, repository.end - repository.begin);
                text += text.ends_with('\n') ? "" : "\n";
            }
        }
        return text;
    }

    const RepoFile& file_;
    const RepositoryOwner& owner_;
    const OriginalSources& original_;
    SwitchPlan& plan_;
    std::vector<SourceEdit> edits_;
    std::vector<std::string> ids_;  ///< The distribution's.
};

}  // namespace

Result<std::vector<RepoFile>> read_repo_files(const Root& root, Installer installer)
{
    const std::string folder = installer == Installer::zypper ? "etc/zypp/repos.d" : "etc/yum.repos.d";
    const auto names = root.names(folder);
    if (!names) {
        return names.error();
    }
    std::vector<RepoFile> files;
    for (const std::string& name : names->value_or(std::vector<std::string>{})) {
        const auto path = fmt::format("{}/{}", folder, name);
        auto text = name.ends_with(".repo") ? root.read(path) : Fact<std::string>{std::optional<std::string>{}};
        if (!text) {
            return std::move(text).error();
        }
        if (!*text) {
            continue;
        }
        RepoFile file{path, std::move(**text), {}};
        file.settings = read_settings(SettingsDialect::repo, file.text);
        if (!file.settings.malformed.empty()) {
            const auto& wrong = file.settings.malformed.front();
            return Error{ErrorCode::usage,
                         fmt::format("cannot read repositories: /{} line {}: {}", path, wrong.line, wrong.cause),
                         fmt::format("{} passes over the whole file: mend or comment out the line", word(installer))};
        }
        files.push_back(std::move(file));
    }
    return files;
}

bool is_enabled(const SettingsSection& repository)
{
    constexpr std::array off{"0", "no", "false", "off"};
    return std::ranges::find(off, lower_case(repository.value("enabled"))) == off.end();
}

std::optional<RepositoryPlace> place_of(const RepoFile& file,
                                        const SettingsSection& repository,
                                        const RepositoryOwner& owner,
                                        const OriginalSources& original)
{
    if (auto place = owner.place_of(repository)) {
        return place;
    }
    const SetFile* before = original.find(file.path);
    if (before == nullptr || !before->bytes) {
        return std::nullopt;
    }
    const auto settings = read_settings(SettingsDialect::repo, *before->bytes);
    const SettingsSection* known = settings.find(repository.id);
    return known != nullptr ? owner.place_of(*known) : std::nullopt;
}

SwitchPlan plan_repo_switch(const std::vector<RepoFile>& files,
                            const RepositoryOwner& owner,
                            const OriginalSources& original,
                            const SwitchWish& wish)
{
    SwitchPlan plan;
    for (const RepoFile& file : files) {
        FileSwitch{file, owner, original, plan}.plan(wish);
    }
    return plan;
}

}  // namespace kvmkit::setup
