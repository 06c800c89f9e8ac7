// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/pacman_switch.hpp"

#include "setup/add_once.hpp"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr const char* conf_path = "etc/pacman.conf";
constexpr std::string_view layout = "$repo/os/$arch";
constexpr std::string_view marker = "# host-setup mirror use wrote the next line\n";

/// The testing ones hold what goes with the others, and come from where those do.
constexpr std::array official{"core",
                              "extra",
                              "multilib",
                              "community",
                              "core-testing",
                              "extra-testing",
                              "multilib-testing",
                              "testing",
                              "community-testing"};

bool is_official(const SettingsSection& section)
{
    return std::ranges::find(official, section.id) != official.end();
}

bool is_repository(const SettingsSection& section)
{
    return !section.id.empty() && section.id != "options";
}

bool names_servers(const Setting& setting)
{
    return setting.name == "Server" || setting.name == "Include";
}

/// Of an Include: the path of a single file, relative to the host's root; empty: a pattern, or no path from the root.
std::string included_path(const Setting& setting)
{
    const bool plain = setting.name == "Include" && setting.value.starts_with('/') &&
                       setting.value.find_first_of("*?[") == std::string::npos;
    return plain ? setting.value.substr(1) : std::string{};
}

const Setting* first_source(const SettingsSection& section)
{
    const auto found = std::ranges::find_if(section.settings, names_servers);
    return found != section.settings.end() ? &*found : nullptr;
}

/// The first server of a list; nullptr: all are comments.
const Setting* first_server(const RepoFile& list)
{
    for (const SettingsSection& section : list.settings.sections) {
        const auto found = std::ranges::find(section.settings, "Server", &Setting::name);
        if (found != section.settings.end()) {
            return &*found;
        }
    }
    return nullptr;
}

Result<RepoFile> read_file(const Root& root, const std::string& path)
{
    auto text = root.read(path);
    if (!text) {
        return std::move(text).error();
    }
    if (!*text) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot read repositories: there is no '/{}'", path),
                     "pacman needs it, too: put it back, or take the line that includes it out of /etc/pacman.conf"};
    }
    RepoFile file{path, std::move(**text), {}};
    file.settings = read_settings(SettingsDialect::pacman, file.text);
    if (!file.settings.malformed.empty()) {
        const auto& wrong = file.settings.malformed.front();
        return Error{ErrorCode::usage,
                     fmt::format("cannot read repositories: /{} line {}: {}", path, wrong.line, wrong.cause),
                     "pacman refuses the whole file, too: mend or comment out the line"};
    }
    return file;
}

/// The edits that have a server asked before all others; what we wrote before is replaced.
void put_first(const std::string& text,
               const Setting* first,
               std::size_t otherwise,
               const std::string& server,
               std::vector<SourceEdit>& edits)
{
    const bool plain = first != nullptr && first->name == "Server";
    if (plain && first->value == server) {
        return;
    }
    const auto at = first != nullptr ? first->begin : otherwise;
    if (plain && !first->value.empty() && std::string_view{text}.substr(0, at).ends_with(marker)) {
        edits.push_back({first->value_begin, first->value_end, server});
        return;
    }
    const bool open = at > 0 && text[at - 1] != '\n';
    edits.push_back({at, at, fmt::format("{}{}Server = {}\n", open ? "\n" : "", marker, server)});
}

/// A plan as it grows.
class PacmanSwitch {
public:
    PacmanSwitch(const PacmanSources& sources, std::string server) : sources_(sources), server_(std::move(server)) {}

    SwitchPlan plan() &&
    {
        for (const SettingsSection& section : sources_.conf.settings.sections) {
            if (is_repository(section) && !is_official(section)) {
                note_foreign(section);
            } else if (is_repository(section)) {
                ++plan_.entries;
                take(section);
            }
        }
        finish(sources_.conf, conf_edits_);
        for (const auto& [path, list] : sources_.lists) {
            if (lists_.contains(path)) {
                std::vector<SourceEdit> edits;
                put_first(list.text, first_server(list), 0, server_, edits);
                finish(list, edits);
            }
        }
        plan_.to_prove.push_back({conf_path, proof_text()});
        return std::move(plan_);
    }

private:
    void note_foreign(const SettingsSection& section)
    {
        plan_.notes.push_back(
            fmt::format("/{} line {}: repository {} is not known to be the distribution's; it is left as it is",
                        conf_path,
                        section.line,
                        section.id));
    }

    void take(const SettingsSection& section)
    {
        const Setting* first = first_source(section);
        const auto path = first != nullptr ? included_path(*first) : std::string{};
        if (!path.empty() && sources_.lists.contains(path) && !serves_others(path)) {
            lists_.insert(path);
        } else {
            put_first(sources_.conf.text, first, section.body, server_, conf_edits_);
        }
    }

    [[nodiscard]] bool serves_others(const std::string& path) const
    {
        return std::ranges::any_of(sources_.conf.settings.sections, [&](const SettingsSection& section) {
            return !is_official(section) && std::ranges::any_of(section.settings, [&](const Setting& setting) {
                return included_path(setting) == path;
            });
        });
    }

    void finish(const RepoFile& file, const std::vector<SourceEdit>& edits)
    {
        if (!edits.empty()) {
            plan_.files.push_back({file.path, with_edits(file.text, edits)});
        }
    }

    /// pacman's options as they are, and Arch's own repositories from this server alone.
    [[nodiscard]] std::string proof_text() const
    {
        std::string text;
        for (const SettingsSection& section : sources_.conf.settings.sections) {
            if (section.id == "options") {
                text += sources_.conf.text.substr(section.begin, section.end - section.begin) + "\n";
            } else if (is_official(section)) {
                text += fmt::format("[{}]\n", section.id);
                for (const Setting& setting : section.settings) {
                    const bool other = !names_servers(setting) && setting.name != "CacheServer";
                    text += other ? sources_.conf.text.substr(setting.begin, setting.end - setting.begin) : "";
                }
                text += text.ends_with('\n') ? "" : "\n";
                text += fmt::format("Server = {}\n", server_);
            }
        }
        return text;
    }

    const PacmanSources& sources_;
    std::string server_;
    SwitchPlan plan_;
    std::vector<SourceEdit> conf_edits_;
    std::set<std::string> lists_;  ///< Those that are to be edited.
};

}  // namespace

Result<PacmanSources> read_pacman_sources(const Root& root)
{
    auto conf = read_file(root, conf_path);
    if (!conf) {
        return std::move(conf).error();
    }
    PacmanSources sources{std::move(*conf), {}};
    for (const SettingsSection& section : sources.conf.settings.sections) {
        const Setting* first = is_official(section) ? first_source(section) : nullptr;
        const auto path = first != nullptr ? included_path(*first) : std::string{};
        if (path.empty() || sources.lists.contains(path)) {
            continue;
        }
        auto list = read_file(root, path);
        if (!list) {
            return std::move(list).error();
        }
        sources.lists.emplace(path, std::move(*list));
    }
    return sources;
}

std::vector<std::string> pacman_archives(const PacmanSources& sources)
{
    std::vector<std::string> found;
    for (const SettingsSection& section : sources.conf.settings.sections) {
        const Setting* first = is_official(section) ? first_source(section) : nullptr;
        const auto list = first != nullptr ? sources.lists.find(included_path(*first)) : sources.lists.end();
        first = list != sources.lists.end() ? first_server(list->second) : first;
        if (first == nullptr || !first->value.ends_with(layout)) {
            continue;
        }
        add_once(found, as_folder(first->value.substr(0, first->value.size() - layout.size())));
    }
    return found;
}

SwitchPlan plan_pacman_switch(const PacmanSources& sources, const SwitchWish& wish)
{
    return PacmanSwitch{sources, fmt::format("{}{}", wish.archive, layout)}.plan();
}

}  // namespace kvmkit::setup
