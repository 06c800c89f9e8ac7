// SPDX-License-Identifier: Apache-2.0
#include "setup/zypper_output.hpp"

#include "base/text.hpp"
#include "setup/add_once.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// The value of one attribute in a line of XML; empty if it has none of that name.
std::string_view attribute(std::string_view line, std::string_view name)
{
    const auto mark = fmt::format(" {}=\"", name);
    const auto at = line.find(mark);
    if (at == std::string_view::npos) {
        return {};
    }
    const auto rest = line.substr(at + mark.size());
    return rest.substr(0, rest.find('"'));
}

/// What is freed counts as nothing.
Bytes size_in(std::string_view line, std::string_view name)
{
    const auto text = attribute(line, name);
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return Bytes::of(value);
}

unsigned number(std::string_view text)
{
    unsigned value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

std::optional<Price> read_zypper_summary(std::string_view xml)
{
    std::optional<Price> price;
    bool removes = false;
    for (const auto line : lines(xml)) {
        if (line.starts_with("<install-summary")) {
            price = Price{.download = size_in(line, "download-size"), .disk = size_in(line, "space-usage-diff")};
        } else if (line.starts_with("<to-")) {
            removes = line.starts_with("<to-remove");
        } else if (price && line.starts_with("<solvable ") && attribute(line, "type") == "package" &&
                   !attribute(line, "name").empty()) {
            const std::string name{attribute(line, "name")};
            if (removes) {
                price->remove.push_back(name);
            } else {
                price->install.push_back({name, std::string{attribute(line, "edition")}});
            }
        } else if (line.starts_with("</install-summary")) {
            break;
        }
    }
    return price;
}

std::map<std::string, std::string> read_zypper_candidates(std::string_view xml)
{
    std::map<std::string, std::string> found;
    for (const auto line : lines(xml)) {
        const auto name = attribute(line, "name");
        if (line.starts_with("<solvable ") && attribute(line, "kind") == "package" && !name.empty()) {
            found.try_emplace(std::string{name}, attribute(line, "edition"));
        }
    }
    return found;
}

std::vector<std::string> read_zypper_conflicts(std::string_view text)
{
    std::vector<std::string> found;
    for (const auto line : lines(text)) {
        if (const auto at = line.find("Problem: "); at != std::string_view::npos) {
            add_once(found, trim(line.substr(at)));
        }
    }
    return found;
}

std::vector<std::string> read_zypper_problems(std::string_view text)
{
    constexpr std::array marks{
        "Valid metadata not found", "Skipping repository", "Error message:", "Signature verification failed"};
    std::vector<std::string> found;
    for (const auto line : lines(text)) {
        if (std::ranges::any_of(marks,
                                [&](std::string_view mark) { return line.find(mark) != std::string_view::npos; })) {
            add_once(found, trim(line));
        }
    }
    return found;
}

std::optional<PackageProgress> read_zypper_progress(std::string_view line)
{
    const auto text = trim(line);
    const auto close = text.find(')');
    const auto slash = text.find('/');
    if (!text.starts_with('(') || close == std::string_view::npos || slash == std::string_view::npos || slash > close) {
        return std::nullopt;
    }
    const auto done = number(text.substr(1, slash - 1));
    const auto whole = number(text.substr(slash + 1, close - slash - 1));
    constexpr double all = 100;
    return whole == 0 || done > whole ? std::nullopt
                                      : std::optional{PackageProgress{false, all * done / whole, std::string{text}}};
}

}  // namespace kvmkit::setup
