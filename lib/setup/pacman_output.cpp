// SPDX-License-Identifier: Apache-2.0
#include "setup/pacman_output.hpp"

#include "base/starts_with_any.hpp"
#include "base/text.hpp"
#include "setup/package_size.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

/// "None" is pacman's word for an empty list.
void add_words(std::vector<std::string>& list, std::string_view text)
{
    for (const auto word : words(text)) {
        if (word != "None") {
            list.emplace_back(word);
        }
    }
}

/// Takes the lines of one output, package by package.
class InfoReader {
public:
    void take(std::string_view line)
    {
        const auto colon = line.find(" : ");
        if (line.empty() || (line.front() != ' ' && colon == std::string_view::npos)) {
            field_ = {};
            return;
        }
        if (line.front() != ' ') {
            field_ = trim(line.substr(0, colon));
            line = line.substr(colon + 3);
        }
        take_value(trim(line));
    }

    std::vector<PacmanPackage> packages() && { return std::move(found_); }

private:
    void take_value(std::string_view value)
    {
        if (field_ == "Name") {
            found_.push_back({.name = std::string{value}, .version = {}});
        }
        if (found_.empty()) {
            return;
        }
        PacmanPackage& package = found_.back();
        if (field_ == "Version") {
            package.version = value;
        } else if (field_ == "Provides") {
            add_words(package.provides, value);
        } else if (field_ == "Conflicts With") {
            add_words(package.conflicts, value);
        } else if (field_ == "Replaces") {
            add_words(package.replaces, value);
        } else if (field_ == "Installed Size") {
            package.disk = read_binary_size(value);
        }
    }

    std::vector<PacmanPackage> found_;
    std::string_view field_;
};

}  // namespace

std::vector<PacmanPackage> read_pacman_packages(std::string_view text)
{
    InfoReader reader;
    for (const auto line : lines(text)) {
        reader.take(line);
    }
    std::vector<PacmanPackage> found;
    for (PacmanPackage& package : std::move(reader).packages()) {
        if (std::ranges::find(found, package.name, &PacmanPackage::name) == found.end()) {
            found.push_back(std::move(package));
        }
    }
    return found;
}

std::vector<PacmanTarget> read_pacman_targets(std::string_view text)
{
    std::vector<PacmanTarget> found;
    for (const auto line : lines(text)) {
        const auto parts = words(line);
        std::uint64_t size = 0;
        constexpr std::size_t fields = 3;
        if (parts.size() == fields && std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), size).ptr ==
                                          parts[2].data() + parts[2].size()) {
            found.push_back({std::string{parts[0]}, std::string{parts[1]}, Bytes::of(size)});
        }
    }
    return found;
}

std::vector<std::string> read_pacman_dependants(std::string_view text)
{
    std::vector<std::string> found;
    for (const auto line : lines(text)) {
        constexpr std::string_view mark = " required by ";
        const auto at = line.rfind(mark);
        if (!line.starts_with(":: removing ") || at == std::string_view::npos) {
            continue;
        }
        const auto name = trim(line.substr(at + mark.size()));
        if (std::ranges::find(found, name) == found.end()) {
            found.emplace_back(name);
        }
    }
    return found;
}

std::vector<std::string> read_pacnew(std::string_view text)
{
    std::vector<std::string> found;
    for (const auto line : lines(text)) {
        constexpr std::string_view mark = " installed as ";
        const auto at = line.find(mark);
        if (at != std::string_view::npos && line.ends_with(".pacnew")) {
            found.emplace_back(trim(line.substr(at + mark.size())));
        }
    }
    return found;
}

std::vector<std::string> read_pacman_problems(std::string_view text)
{
    std::vector<std::string> found;
    for (const auto line : lines(text)) {
        if (line.starts_with("error: failed retrieving file ") && std::ranges::find(found, line) == found.end()) {
            found.emplace_back(line);
        }
    }
    return found;
}

std::string pacman_reasons(std::string_view out)
{
    constexpr std::size_t most = 6;
    std::deque<std::string_view> found;
    for (const auto line : lines(out)) {
        const auto text = trim(line);
        if (text.empty() || text.ends_with("...") || text.find(" [Y/n]") != std::string_view::npos) {
            continue;
        }
        found.push_back(text);
        if (found.size() > most) {
            found.pop_front();
        }
    }
    return fmt::format("{}", fmt::join(found, "\n"));
}

bool pacman_script_failed(std::string_view text) noexcept
{
    return text.find("command failed to execute correctly") != std::string_view::npos;
}

bool pacman_is_locked(std::string_view text) noexcept
{
    return text.find("unable to lock database") != std::string_view::npos;
}

double PacmanProgressReader::percent_of(unsigned done) const
{
    constexpr double all = 100;
    return packages_ == 0 ? 0 : all * std::min(done, packages_) / packages_;
}

std::optional<PackageProgress> PacmanProgressReader::read(std::string_view line)
{
    constexpr std::array<std::string_view, 5> doing{
        "installing ", "upgrading ", "reinstalling ", "downgrading ", "removing "};
    constexpr std::string_view summary = "Packages (";
    const auto text = trim(line);
    if (text.starts_with(summary)) {
        std::from_chars(text.data() + summary.size(), text.data() + text.size(), packages_);
        return std::nullopt;
    }
    if (packages_ == 0 || !text.ends_with("...")) {
        return std::nullopt;
    }
    if (text.ends_with(" downloading...")) {
        return PackageProgress{true, percent_of(++fetched_), std::string{text}};
    }
    if (starts_with_any(text, doing)) {
        return PackageProgress{false, percent_of(++changed_), std::string{text}};
    }
    return std::nullopt;
}

}  // namespace kvmkit::setup
