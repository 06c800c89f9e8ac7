// SPDX-License-Identifier: Apache-2.0
#include "setup/dnf_output.hpp"

#include "base/starts_with_any.hpp"
#include "base/text.hpp"
#include "setup/add_once.hpp"
#include "setup/package_size.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// What a heading of dnf's table says of the rows below it.
enum class Section { none, brings, removes };

Section section_of(std::string_view heading)
{
    struct Heading {
        std::string_view begin;
        Section section;
    };
    constexpr std::array headings{Heading{"Installing", Section::brings},
                                  Heading{"Upgrading", Section::brings},
                                  Heading{"Downgrading", Section::brings},
                                  Heading{"Reinstalling", Section::brings},
                                  Heading{"Removing", Section::removes},
                                  Heading{"Obsoleting", Section::removes},
                                  Heading{"Transaction Summary", Section::none}};
    const auto* found =
        std::ranges::find_if(headings, [&](const Heading& each) { return heading.starts_with(each.begin); });
    return found == headings.end() ? Section::none : found->section;
}

/// A row that is too long for dnf's line goes on in the next one, after more blanks than a row begins with.
class TableReader {
public:
    void take(std::string_view line)
    {
        if (line.empty() || line.front() != ' ') {
            section_ = section_of(line);
            pending_.clear();
            return;
        }
        if (section_ == Section::none) {
            return;
        }
        const auto parts = words(line);
        constexpr std::string_view replacing = "replacing";
        if (!parts.empty() && parts.front() == replacing) {
            replace(parts);
            return;
        }
        pending_.insert(pending_.end(), parts.begin(), parts.end());
        constexpr std::size_t columns_before_size = 4;
        if (pending_.size() > columns_before_size) {
            add_row();
            pending_.clear();
        }
    }

    Price price() && { return std::move(price_); }

private:
    /// "old.noarch" is old.
    static std::string name_of(std::string_view text) { return std::string{text.substr(0, text.rfind('.'))}; }

    /// "replacing old.noarch 1-1" of dnf 4, "replacing old noarch 0:1-1 repository size" of dnf5.
    void replace(const std::vector<std::string_view>& parts)
    {
        constexpr std::size_t words_of_fourth = 3;
        const auto text = parts.size() > 1 ? parts[1] : std::string_view{};
        auto name = parts.size() > words_of_fourth ? std::string{text} : name_of(text);
        if (std::ranges::find(price_.install, name, &PlannedPackage::name) == price_.install.end()) {
            price_.remove.push_back(std::move(name));
        }
    }

    /// dnf5 names the epoch, also where there is none.
    static std::string version_of(std::string_view text)
    {
        return std::string{text.starts_with("0:") ? text.substr(2) : text};
    }

    void add_row()
    {
        if (section_ == Section::removes) {
            price_.remove.emplace_back(pending_[0]);
        } else {
            price_.install.push_back({std::string{pending_[0]}, version_of(pending_[2])});
        }
    }

    Price price_;
    Section section_ = Section::none;
    std::vector<std::string_view> pending_;
};

/// What follows a label on its line; empty if no line has it.
std::string_view after_label(std::string_view text, std::string_view label)
{
    for (const auto line : lines(text)) {
        if (line.starts_with(label)) {
            return trim(line.substr(label.size()));
        }
    }
    return {};
}

/// Blanks around it are none of it; absent: it is no number.
std::optional<unsigned> number(std::string_view text)
{
    const auto digits = trim(text);
    const char* const end = digits.data() + digits.size();
    unsigned value = 0;
    const auto read = std::from_chars(digits.data(), end, value);
    return read.ec == std::errc{} && read.ptr == end ? std::optional{value} : std::nullopt;
}

/// "2/4", or " 2/40" where dnf5 keeps its column; absent: it is none.
std::optional<double> percent_of(std::string_view fraction)
{
    const auto slash = fraction.find('/');
    if (slash == std::string_view::npos) {
        return std::nullopt;
    }
    constexpr double all = 100;
    const auto done = number(fraction.substr(0, slash));
    const auto whole = number(fraction.substr(slash + 1));
    const bool sound = done && whole && *whole != 0 && *done <= *whole;
    return sound ? std::optional{all * *done / *whole} : std::nullopt;
}

}  // namespace

Bytes read_dnf_size(std::string_view text)
{
    const auto parts = words(text);
    double value = 0;
    if (parts.empty() || std::from_chars(parts[0].data(), parts[0].data() + parts[0].size(), value).ec != std::errc{}) {
        return {};
    }
    constexpr std::string_view units = "kMGT";
    constexpr double step = 1024;
    const auto power = parts.size() > 1 && parts[1].size() == 1 ? units.find(parts[1][0]) : std::string_view::npos;
    for (std::size_t i = 0; power != std::string_view::npos && i <= power; ++i) {
        value *= step;
    }
    return whole_bytes(value);
}

Price read_dnf_transaction(std::string_view text)
{
    TableReader reader;
    const auto begin = text.find("Dependencies resolved.");
    for (const auto line : lines(begin == std::string_view::npos ? std::string_view{} : text.substr(begin))) {
        reader.take(line);
    }
    Price price = std::move(reader).price();
    price.download = read_dnf_size(after_label(text, "Total download size:"));
    price.disk = read_dnf_size(after_label(text, "Installed size:"));
    return price;
}

std::optional<Price> read_dnf5_transaction(std::string_view text)
{
    constexpr std::string_view nothing = "Nothing to do.";
    constexpr std::string_view end = "Transaction Summary:";
    if (text.find(end) == std::string_view::npos) {
        return text.find(nothing) == std::string_view::npos ? std::nullopt : std::optional{Price{}};
    }
    TableReader reader;
    for (const auto line : lines(text)) {
        if (line.starts_with(end)) {
            break;
        }
        reader.take(line);
    }
    Price price = std::move(reader).price();
    // "Total size of inbound packages is 19 KiB. Need to download 19 KiB."
    constexpr std::string_view to_fetch = "Need to download ";
    if (const auto at = text.find(to_fetch); at != std::string_view::npos) {
        const auto line = text.substr(at + to_fetch.size());
        auto size = trim(line.substr(0, line.find('\n')));
        size.remove_suffix(size.ends_with('.') ? 1 : 0);
        price.download = read_binary_size(size);
    }
    const auto operation = after_label(text, "After this operation,");
    if (const auto at = operation.find(" extra will be used"); at != std::string_view::npos) {
        price.disk = read_binary_size(operation.substr(0, at));
    }
    return price;
}

std::optional<std::vector<std::string>> read_dnf_members(std::string_view text)
{
    constexpr std::array<std::string_view, 3> answers{
        "Dependencies resolved.", "Transaction Summary", "Nothing to do."};
    constexpr std::string_view heading = "Installing group/module packages";
    std::vector<std::string> members;
    bool answered = false;
    bool inside = false;
    for (const auto line : lines(text)) {
        answered = answered || starts_with_any(trim(line), answers);
        if (!line.starts_with(' ')) {
            inside = line.starts_with(heading);
        } else if (inside && !line.starts_with("  ")) {  // what is long goes on in a line with more blanks
            const auto name = trim(line);
            members.emplace_back(name.substr(0, name.find(' ')));
        }
    }
    return answered ? std::optional{std::move(members)} : std::nullopt;
}

std::map<std::string, std::string> read_dnf_candidates(std::string_view text)
{
    std::map<std::string, std::string> found;
    for (const auto line : lines(text)) {
        const auto parts = split(line, '\t');
        if (parts.size() == 2 && !parts[0].empty()) {
            found.insert_or_assign(std::string{parts[0]}, std::string{parts[1]});
        }
    }
    return found;
}

std::vector<std::string> read_dnf_problems(std::string_view text)
{
    constexpr std::array marks{"Failed to download metadata",
                               "Errors during downloading metadata",
                               "Ignoring repositories",
                               "Cannot download repomd.xml",
                               "Curl error",
                               "GPG check FAILED",
                               "Cannot prepare internal mirrorlist"};
    std::vector<std::string> found;
    for (const auto line : lines(text)) {
        if (std::ranges::any_of(marks,
                                [&](std::string_view mark) { return line.find(mark) != std::string_view::npos; })) {
            add_once(found, trim(line));
        }
    }
    return found;
}

std::vector<std::string> read_failed_scripts(std::string_view text)
{
    std::vector<std::string> found;
    for (const auto line : lines(text)) {
        constexpr std::string_view mark = "Error in ";
        const auto at = line.find(mark);
        if (at != std::string_view::npos && line.find(" scriptlet in rpm package ", at) != std::string_view::npos) {
            add_once(found, trim(line.substr(at + mark.size())));
        }
    }
    return found;
}

std::optional<PackageProgress> read_dnf_progress(std::string_view line)
{
    constexpr std::array<std::string_view, 5> doing{
        "Installing", "Upgrading", "Running scriptlet", "Verifying", "Cleanup"};
    const auto text = trim(line);
    const auto parts = words(text);
    const auto percent = starts_with_any(text, doing) ? percent_of(parts.back()) : std::nullopt;
    return percent ? std::optional{PackageProgress{false, *percent, std::string{text}}} : std::nullopt;
}

std::optional<PackageProgress> read_dnf5_progress(std::string_view line)
{
    const auto end = line.find("] ");
    const auto bar = line.find(" 100% |");
    if (!line.starts_with('[') || end == std::string_view::npos || bar == std::string_view::npos || bar < end) {
        return std::nullopt;
    }
    const auto percent = percent_of(line.substr(1, end - 1));
    const auto text = trim(line.substr(end + 1, bar - end - 1));
    if (!percent || text == "Total") {
        return std::nullopt;
    }
    // A package that was fetched stands there alone; what is done to one is a sentence.
    const bool fetched = text.find(' ') == std::string_view::npos;
    return PackageProgress{fetched, *percent, std::string{text}};
}

}  // namespace kvmkit::setup
