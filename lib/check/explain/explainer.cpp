// SPDX-License-Identifier: Apache-2.0
#include "check/explain/explainer.hpp"

#include "base/printable.hpp"
#include "base/text.hpp"
#include "check/catalogue.hpp"
#include "check/explain/clue.hpp"
#include "check/explain/msr.hpp"
#include "check/operators.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr std::size_t hash_bits = 16;
constexpr std::size_t longest_text = 240;
constexpr std::size_t most_variants = 8;  ///< Of one cause, by what was caught; further ones are counted as the last.

/// Of the first key_bytes; upper and lower case are the same.
std::size_t hash(std::string_view text)
{
    constexpr std::uint32_t multiplier = 0x9E3779B1;
    constexpr unsigned bits_per_byte = 8;
    std::uint32_t key = 0;
    for (std::size_t at = 0; at < key_bytes; ++at) {
        constexpr unsigned case_bit = 0x20;
        key = (key << bits_per_byte) | (static_cast<std::uint8_t>(text[at]) | case_bit);
    }
    return (key * multiplier) >> (32 - hash_bits);
}

bool needs_cleaning(std::string_view line)
{
    return line.find('\x1b') != std::string_view::npos || line.find('\0') != std::string_view::npos;
}

/// Ids of the checks that this version has.
std::set<std::string_view> known_checks()
{
    std::set<std::string_view> ids;
    for (const Check& check : catalogue()) {
        ids.insert(check.id);
    }
    return ids;
}

void refine_by_msr(Explanation& explanation, const Captures& captures)
{
    const auto number = parse_msr(caught(captures, "msr"));
    const auto feature = number ? msr_feature(*number) : std::nullopt;
    if (!feature) {
        return;
    }
    explanation.cause = fmt::format(
        "KVM refuses the register {:#x} ({}): the hypervisor below, or this kernel, offers "
        "what it cannot virtualise",
        *number,
        feature->what);
    explanation.remedy = {
        fmt::format(
            "start the guest without it: QEMU -cpu host,{}{}; in VMware vhv.enable and vpmc.enable = \"TRUE\" may "
            "give it to this host",
            feature->switches,
            feature->xml.empty() ? "" : fmt::format(", libvirt {} by virsh edit", feature->xml)),
        {fmt::format("qemu-system-x86_64 -accel kvm -cpu host,{}", feature->switches)}};
}

/// "echo 'options kvm_intel nested=1' >FILE" as the word for the kernel's command line: "kvm_intel.nested=1". Empty:
/// the command is another one.
std::string boot_word(std::string_view command, std::string_view module)
{
    const auto begin = fmt::format("echo 'options {} ", module);
    const auto end = command.find('\'', begin.size());
    if (!command.starts_with(begin) || end == std::string_view::npos) {
        return {};
    }
    return fmt::format("{}.{}", module, command.substr(begin.size(), end - begin.size()));
}

bool unloads(std::string_view command, std::string_view module)
{
    const auto found = command.find(module);
    return command.find("modprobe -r ") != std::string_view::npos && found != std::string_view::npos;
}

/// A module that is part of the kernel cannot be unloaded, and modprobe's settings are nothing to it.
void adapt_to_built_in(Explanation& explanation, std::string_view module)
{
    auto& remedy = explanation.remedy;
    std::string word;
    const auto dropped = std::erase_if(remedy.commands, [&](const std::string& command) {
        const auto here = boot_word(command, module);
        word = here.empty() ? word : here;
        return !here.empty() || unloads(command, module);
    });
    if (dropped > 0) {
        remedy.summary += word.empty() ? fmt::format("; {} is built into this kernel and cannot be unloaded", module)
                                       : fmt::format(
                                             "; {} is built into this kernel: put {} on its command line, and "
                                             "boot anew",
                                             module,
                                             word);
    }
}

}  // namespace

Explainer::Explainer() : entries_(1), heads_(std::size_t{1} << hash_bits)
{
    for (const auto table : {harmless_lines(),
                             hardware_causes(),
                             kernel_causes(),
                             device_causes(),
                             guest_causes(),
                             libvirt_causes(),
                             comfort_causes()}) {
        for (const Cause& cause : table) {
            causes_.push_back(&cause);
        }
    }
    for (std::size_t row = 0; row < causes_.size(); ++row) {
        for (const auto pattern : causes_[row]->patterns) {
            add_entry(pattern, row, false);
        }
    }
    for (std::size_t row = 0; row < clues().size(); ++row) {
        add_entry(clues()[row].pattern, row, true);
    }
    line_.reserve(longest_line);
}

void Explainer::add_entry(std::string_view pattern, std::size_t row, bool is_clue)
{
    if (pattern.size() < key_bytes) {
        return;
    }
    std::uint16_t& head = heads_[hash(pattern)];
    entries_.push_back({pattern, static_cast<std::uint16_t>(row), is_clue, head, 0});
    head = static_cast<std::uint16_t>(entries_.size() - 1);
}

void Explainer::feed(std::string_view bytes)
{
    while (!bytes.empty()) {
        const auto end = bytes.find('\n');
        const auto piece = bytes.substr(0, end);
        const auto room = longest_line - line_.size();
        line_cut_ = line_cut_ || piece.size() > room;
        line_.append(piece.substr(0, room));
        line_open_ = true;
        if (end == std::string_view::npos) {
            return;
        }
        end_line();
        bytes.remove_prefix(end + 1);
    }
}

void Explainer::end_line()
{
    ++lines_;
    cut_lines_ += line_cut_ ? 1 : 0;
    if (needs_cleaning(line_)) {
        look_at(without_escapes(line_));
    } else {
        look_at(line_);
    }
    line_.clear();
    line_open_ = false;
    line_cut_ = false;
}

void Explainer::look_at(std::string_view line)
{
    std::optional<Hit> best;
    for (std::size_t at = 0; at + key_bytes <= line.size(); ++at) {
        for (auto index = heads_[hash(line.substr(at, key_bytes))]; index != 0; index = entries_[index].next) {
            try_entry(entries_[index], line.substr(at), best);
        }
    }
    if (best && causes_[best->row]->layer != Layer::harmless) {
        note(std::move(*best), line);
    }
}

void Explainer::try_entry(Entry& entry, std::string_view rest, std::optional<Hit>& best)
{
    const bool settled = entry.is_clue ? clue_ && *clue_ <= entry.row : best && best->row <= entry.row;
    if (settled || entry.dead_on_line == lines_) {
        return;
    }
    Captures captures;
    const Match match = match_here(entry.pattern, rest, captures);
    if (match == Match::never) {
        entry.dead_on_line = lines_;
    }
    if (match != Match::yes) {
        return;
    }
    if (entry.is_clue) {
        clue_ = entry.row;
    } else {
        best = Hit{entry.row, std::move(captures)};
    }
}

void Explainer::note(Hit hit, std::string_view line)
{
    const auto same_values = [&hit](const Found& found) {
        return std::ranges::equal(found.captures, hit.captures, {}, &Capture::value, &Capture::value);
    };
    Found* last = nullptr;
    std::size_t variants = 0;
    for (Found& found : found_) {
        if (found.row != hit.row) {
            continue;
        }
        last = &found;
        if (same_values(found)) {
            ++found.count;
            return;
        }
        ++variants;
    }
    if (variants == most_variants) {
        ++last->count;
        return;
    }
    found_.push_back({hit.row, std::move(hit.captures), 1, lines_, printable(trim(line), longest_text)});
}

void Explainer::refine(Explanation& explanation, const Found& found) const
{
    switch (causes_[found.row]->refinement) {
        case Refinement::none: return;
        case Refinement::msr: return refine_by_msr(explanation, found.captures);
        case Refinement::underlay: break;
    }
    if (!clue_) {
        return;
    }
    HostFacts host;
    host.underlay = std::optional{UnderlayFacts{clues()[*clue_].kind, "the log"}};
    if (auto remedy = operator_remedy(host)) {
        explanation.cause += fmt::format("; this is {}", phrase(clues()[*clue_].kind));
        explanation.remedy = std::move(*remedy);
    }
}

Explanation Explainer::explain(const Found& found) const
{
    const Cause& cause = *causes_[found.row];
    Explanation explanation;
    explanation.symptom = cause.symptom;
    explanation.certain = !cause.follows;
    explanation.cause = fill_in(cause.cause, found.captures);
    explanation.remedy.summary = fill_in(cause.fix, found.captures);
    explanation.remedy.where = cause.where;
    for (const auto command : cause.commands) {
        if (!command.empty()) {
            explanation.remedy.commands.push_back(fill_in(command, found.captures));
        }
    }
    explanation.count = found.count;
    explanation.line = found.line;
    explanation.text = found.text;
    refine(explanation, found);
    return explanation;
}

/// The symptom that this one follows from: the same one where it is told in full, else the deepest of all.
std::string_view Explainer::root_of(const Found& found) const
{
    const Cause& cause = *causes_[found.row];
    if (!cause.follows) {
        return {};
    }
    const auto in_full = std::ranges::find_if(found_, [&](const Found& other) {
        return !causes_[other.row]->follows && causes_[other.row]->symptom == cause.symptom;
    });
    if (in_full != found_.end()) {
        return cause.symptom;
    }
    const Cause& deepest = *causes_[found_.front().row];
    const bool lies_deeper =
        deepest.layer < cause.layer || (deepest.layer == cause.layer && cause.layer <= Layer::device);
    return lies_deeper && &found != &found_.front() ? deepest.symptom : std::string_view{};
}

std::string Explainer::built_in_module() const
{
    constexpr std::string_view says_so = "Module kvm{kind} is builtin";
    const auto found = std::ranges::find_if(
        found_, [this, says_so](const Found& one) { return causes_[one.row]->patterns.front() == says_so; });
    return found == found_.end() ? std::string{} : fmt::format("kvm{}", caught(found->captures, "kind"));
}

LogReport Explainer::finish()
{
    if (line_open_) {
        end_line();
    }
    std::ranges::stable_sort(found_, {}, [this](const Found& found) {
        return std::pair{causes_[found.row]->layer, causes_[found.row]->follows};
    });
    LogReport report{lines_, cut_lines_, {}};
    const auto known = known_checks();
    const auto built_in = built_in_module();
    for (const Found& found : found_) {
        const Cause& cause = *causes_[found.row];
        auto explanation = explain(found);
        explanation.check = known.contains(cause.check) ? cause.check : std::string_view{};
        explanation.because = root_of(found);
        if (!built_in.empty()) {
            adapt_to_built_in(explanation, built_in);
        }
        report.explanations.push_back(std::move(explanation));
    }
    return report;
}

}  // namespace kvmkit
