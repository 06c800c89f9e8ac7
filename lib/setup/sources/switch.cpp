// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/switch.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

/// Puts the new words where the first of the old ones stands, and takes the others out with the blanks before them, but
/// not with a comment that stands between.
void replace_words(std::string_view text,
                   const std::vector<SourceWord>& old,
                   const std::string& replacement,
                   std::vector<SourceEdit>& edits)
{
    edits.push_back({old.front().begin, old.front().end(), replacement});
    for (std::size_t i = 1; i < old.size(); ++i) {
        const auto gap = text.substr(old[i - 1].end(), old[i].begin - old[i - 1].end());
        const auto newline = gap.rfind('\n');
        const auto from = old[i - 1].end() + (newline == std::string_view::npos ? 0 : newline);
        edits.push_back({from, old[i].end(), ""});
    }
}

std::string joined(const std::vector<SourceWord>& found)
{
    std::vector<std::string> texts;
    std::ranges::transform(found, std::back_inserter(texts), &SourceWord::text);
    return fmt::format("{}", fmt::join(texts, " "));
}

bool comes_from(const SourceEntry& entry, const std::string& archive)
{
    return entry.uris.size() == 1 && as_folder(entry.uris.front().text) == archive;
}

/// One entry of the distribution: which edits of its file move it.
class Mover {
public:
    Mover(const SourceFile& file, const Distribution& distribution, const SwitchWish& wish)
        : file_(file), distribution_(distribution), wish_(wish)
    {
    }

    std::vector<SourceEdit> edits(const SourceEntry& entry, std::vector<std::string>& notes)
    {
        std::vector<SourceEdit> made;
        std::vector<SourceWord> moving;
        std::vector<SourceWord> staying;
        for (const SourceWord& suite : entry.suites) {
            target_of(suite).empty() ? staying.push_back(suite) : moving.push_back(suite);
        }
        if (moving.empty()) {
            return made;
        }
        note_proposed(entry, staying, notes);
        if (staying.empty() && one_target(moving)) {
            const auto target = target_of(moving.front());
            if (!comes_from(entry, target)) {
                replace_words(file_.text, entry.uris, target, made);
            }
            return made;
        }
        split(entry, made);
        return made;
    }

private:
    /// Where a suite of an entry is to come from; empty: it stays.
    [[nodiscard]] std::string target_of(const SourceWord& suite) const
    {
        switch (part_of_suite(suite.text, distribution_)) {
            case SuitePart::base: return wish_.archive;
            case SuitePart::security: return wish_.security;
            case SuitePart::proposed:
            case SuitePart::foreign: break;
        }
        return {};
    }

    [[nodiscard]] bool one_target(const std::vector<SourceWord>& moving) const
    {
        return std::ranges::all_of(
            moving, [&](const SourceWord& suite) { return target_of(suite) == target_of(moving.front()); });
    }

    void note_proposed(const SourceEntry& entry,
                       const std::vector<SourceWord>& staying,
                       std::vector<std::string>& notes) const
    {
        for (const SourceWord& suite : staying) {
            if (part_of_suite(suite.text, distribution_) == SuitePart::proposed) {
                notes.push_back(
                    fmt::format("/{} line {}: suite {} holds packages that are not released yet; it is left "
                                "as it is",
                                file_.path,
                                entry.line,
                                suite.text));
            }
        }
    }

    /// A stanza for each place that its suites come from; only stanzas have more than one suite.
    void split(const SourceEntry& entry, std::vector<SourceEdit>& made) const
    {
        std::vector<std::pair<std::string, std::vector<std::string>>> groups;
        for (const SourceWord& suite : entry.suites) {
            const auto target = target_of(suite);
            auto found = std::ranges::find(groups, target, [](const auto& group) { return group.first; });
            if (found == groups.end()) {
                found = groups.insert(groups.end(), {target, {}});
            }
            found->second.push_back(suite.text);
        }
        std::string text;
        for (const auto& [target, suites] : groups) {
            text += text.empty() ? "" : "\n";
            text += stanza(entry, target, fmt::format("{}", fmt::join(suites, " ")));
        }
        if (text != file_.text.substr(entry.begin, entry.end - entry.begin)) {
            made.push_back({entry.begin, entry.end, text});
        }
    }

    [[nodiscard]] std::string stanza(const SourceEntry& entry,
                                     const std::string& target,
                                     const std::string& suites) const
    {
        std::vector<SourceEdit> edits;
        if (!target.empty() && !comes_from(entry, target)) {
            replace_words(file_.text, entry.uris, target, edits);
        }
        replace_words(file_.text, entry.suites, suites, edits);
        for (SourceEdit& edit : edits) {
            edit.begin -= entry.begin;
            edit.end -= entry.begin;
        }
        auto text = with_edits(std::string_view{file_.text}.substr(entry.begin, entry.end - entry.begin), edits);
        text += text.ends_with('\n') ? "" : "\n";
        return text;
    }

    const SourceFile& file_;
    const Distribution& distribution_;
    const SwitchWish& wish_;
};

bool of_this_release(const SourceEntry& entry, const Distribution& distribution)
{
    return std::ranges::any_of(entry.suites, [&](const SourceWord& suite) {
        return part_of_suite(suite.text, distribution) != SuitePart::foreign;
    });
}

/// Of a file as it is going to be, the entries that are the distribution's: they stand where they stood, in order.
std::string proof_text(const SourceFile& changed, const std::function<bool(const SourceEntry&)>& is_ours)
{
    std::string text;
    for (const SourceEntry& entry : changed.entries.entries) {
        if (entry.enabled && is_ours(entry)) {
            text += changed.text.substr(entry.begin, entry.end - entry.begin);
            text += text.ends_with('\n') ? "\n" : "\n\n";
        }
    }
    return text;
}

}  // namespace

SwitchPlan plan_switch(const std::vector<SourceFile>& files,
                       const Distribution& distribution,
                       const std::function<bool(const SourceEntry&)>& is_distributions,
                       const SwitchWish& wish)
{
    SwitchPlan plan;
    for (const SourceFile& file : files) {
        std::vector<SourceEdit> edits;
        Mover mover{file, distribution, wish};
        for (const SourceEntry& entry : file.entries.entries) {
            if (!of_this_release(entry, distribution)) {
                continue;
            }
            if (!is_distributions(entry)) {
                plan.notes.push_back(
                    fmt::format("/{} line {}: {} is not known to be the distribution's; it is left as it is",
                                file.path,
                                entry.line,
                                joined(entry.uris)));
                continue;
            }
            ++plan.entries;
            const auto moved = mover.edits(entry, plan.notes);
            edits.insert(edits.end(), moved.begin(), moved.end());
        }
        SourceFile changed{file.path, file.format, with_edits(file.text, edits), {}};
        changed.entries = read_source_entries(changed.format, changed.text);
        const auto is_ours = [&](const SourceEntry& entry) {
            return of_this_release(entry, distribution) &&
                   (comes_from(entry, wish.archive) || comes_from(entry, wish.security) || is_distributions(entry));
        };
        if (auto text = proof_text(changed, is_ours); !text.empty()) {
            plan.to_prove.push_back({file.path, std::move(text)});
        }
        if (!edits.empty()) {
            plan.files.push_back({file.path, std::move(changed.text)});
        }
    }
    return plan;
}

}  // namespace kvmkit::setup
