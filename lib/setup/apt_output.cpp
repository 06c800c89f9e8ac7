// SPDX-License-Identifier: Apache-2.0
#include "setup/apt_output.hpp"

#include "base/starts_with_any.hpp"
#include "base/text.hpp"
#include "setup/package_size.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace kvmkit::setup {
namespace {

/// The number at the start of a text; 0 if there is none.
std::uint64_t whole_number(std::string_view text)
{
    std::uint64_t value = 0;
    (void)std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

/// "1,234.5" as a number: apt groups thousands in the C locale.
double decimal(std::string_view text)
{
    std::string digits;
    std::ranges::copy_if(text, std::back_inserter(digits), [](char c) { return c != ','; });
    double value = 0;
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), value);
    return value;
}

/// apt's units are decimal: "kB", "MB", "GB".
double unit(std::string_view name)
{
    constexpr std::array<std::string_view, 4> names{"B", "kB", "MB", "GB"};
    double factor = 1;
    for (const auto& each : names) {
        if (each == name) {
            return factor;
        }
        factor *= 1000;
    }
    return 1;
}

bool names_a_lost_index(std::string_view warning)
{
    constexpr std::array<std::string_view, 9> signs{"Failed to fetch",
                                                    "Some index files failed",
                                                    "doesn't have the component",
                                                    "NO_PUBKEY",
                                                    "is not signed",
                                                    "does not have a Release file",
                                                    "is expired",
                                                    "is not valid yet",
                                                    "An error occurred during the signature verification"};
    return std::ranges::any_of(signs,
                               [&](std::string_view sign) { return warning.find(sign) != std::string_view::npos; });
}

/// Without empty lines, and without what debconf and apt say each time that nobody can be asked.
std::vector<std::string_view> telling_lines(std::string_view text)
{
    constexpr std::array<std::string_view, 4> noise{"debconf: ", "W: ", "N: ", "Extracting templates"};
    auto chosen = lines(text);
    std::erase_if(chosen,
                  [&noise](std::string_view line) { return trim(line).empty() || starts_with_any(line, noise); });
    return chosen;
}

}  // namespace

Price read_simulation(std::string_view text)
{
    Price price;
    for (const auto line : lines(text)) {
        const auto parts = words(line);
        if (parts.size() < 2) {
            continue;
        }
        if (parts[0] == "Remv") {
            price.remove.emplace_back(parts[1]);
        } else if (parts[0] == "Inst") {
            const auto open = line.find('(');
            const auto rest =
                open == std::string_view::npos ? std::vector<std::string_view>{} : words(line.substr(open + 1));
            price.install.push_back({std::string{parts[1]}, rest.empty() ? std::string{} : std::string{rest[0]}});
        }
    }
    return price;
}

Bytes read_download_size(std::string_view text)
{
    std::uint64_t total = 0;
    for (const auto line : lines(text)) {
        const auto parts = words(line);
        if (line.starts_with('\'') && !line.starts_with("'file:") && parts.size() >= 3) {
            total += whole_number(parts[2]);
        }
    }
    return Bytes::of(total);
}

Bytes read_disk_size(std::string_view text)
{
    for (const auto line : lines(text)) {
        const auto parts = words(line);
        if (line.starts_with("After this operation, ") && line.find(" will be used") != std::string_view::npos &&
            parts.size() > 4) {
            return whole_bytes(decimal(parts[3]) * unit(parts[4]));
        }
    }
    return {};
}

std::map<std::string, std::string> read_candidates(std::string_view text)
{
    std::map<std::string, std::string> candidates;
    std::string name;
    for (const auto line : lines(text)) {
        const auto parts = words(line);
        if (!line.empty() && line.front() != ' ' && line.back() == ':') {
            name = line.substr(0, line.size() - 1);
        } else if (parts.size() == 2 && parts[0] == "Candidate:" && parts[1] != "(none)") {
            candidates[name] = parts[1];
        }
    }
    return candidates;
}

std::vector<std::string> read_update_problems(std::string_view text)
{
    std::vector<std::string> problems;
    for (const auto line : lines(text)) {
        const bool lost =
            line.starts_with("Err:") || line.starts_with("E:") || (line.starts_with("W:") && names_a_lost_index(line));
        if (lost && std::ranges::find(problems, line) == problems.end()) {
            problems.emplace_back(line);
        }
    }
    return problems;
}

std::string failure_excerpt(std::string_view out, std::string_view err, std::size_t count)
{
    auto chosen = telling_lines(err);
    if (chosen.empty()) {
        chosen = telling_lines(out);
        chosen.erase(chosen.begin(), chosen.end() - static_cast<std::ptrdiff_t>(std::min(count, chosen.size())));
    } else if (chosen.size() > count) {
        chosen.at(count - 2) = "...";
        chosen.at(count - 1) = chosen.back();
        chosen.resize(count);
    }
    std::string excerpt;
    for (const auto line : chosen) {
        excerpt += excerpt.empty() ? "" : "\n";
        excerpt += line;
    }
    return excerpt;
}

unsigned read_apt_version(std::string_view text)
{
    const auto parts = words(text);
    if (parts.size() < 2 || parts[0] != "apt") {
        return 0;
    }
    const auto numbers = split(parts[1], '.');
    const auto minor = numbers.size() > 1 ? whole_number(numbers[1]) : 0;
    return static_cast<unsigned>(whole_number(numbers[0]) * 1000 + minor);
}

}  // namespace kvmkit::setup
