// SPDX-License-Identifier: Apache-2.0
#include "facts/udev.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace kvmkit {
namespace {

/// One KEY="value" of a rule.
struct Term {
    std::string_view key;
    std::string_view sign;  ///< "==", "=", ":=", "+="
    std::string_view value;
};

std::optional<unsigned> number(std::string_view text, int base)
{
    unsigned value = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return problem == std::errc{} && end == text.data() + text.size() ? std::optional{value} : std::nullopt;
}

std::vector<Term> terms(std::string_view rule)
{
    std::vector<Term> found;
    while (true) {
        const auto open = rule.find('"');
        const auto close = open == std::string_view::npos ? open : rule.find('"', open + 1);
        if (close == std::string_view::npos) {
            return found;
        }
        const auto left = rule.substr(0, open);
        const auto key_begin = std::min(left.find_first_not_of(", \t"), left.size());
        const auto key_end = std::min(left.find_first_of("=!+-: \t", key_begin), left.size());
        found.push_back({left.substr(key_begin, key_end - key_begin),
                         trim(left.substr(key_end)),
                         rule.substr(open + 1, close - open - 1)});
        rule.remove_prefix(close + 1);
    }
}

bool is_match(const Term& term)
{
    return term.sign == "==" || term.sign == "!=";
}

bool matches(const std::vector<Term>& rule, std::string_view kernel_name)
{
    bool named = false;
    for (const Term& term : rule) {
        if (!is_match(term)) {
            continue;
        }
        if (term.key == "KERNEL") {
            const auto names = split(term.value, '|');
            named = term.sign == "==" && std::ranges::find(names, kernel_name) != names.end();
        } else if (term.key != "SUBSYSTEM" && term.key != "ACTION") {
            return false;
        }
    }
    return named;
}

}  // namespace

void apply_udev_rules(std::string_view rules, std::string_view kernel_name, UdevNode& node)
{
    for (const auto line : lines(rules)) {
        const auto rule = trim(line).starts_with('#') ? std::vector<Term>{} : terms(line);
        if (!matches(rule, kernel_name)) {
            continue;
        }
        for (const Term& term : rule) {
            if (term.key == "MODE" && number(term.value, 8)) {
                node.mode = number(term.value, 8);
            } else if (term.key == "GROUP" && !is_match(term)) {
                node.group = std::string{term.value};
            } else if (term.key == "TAG" && term.sign == "+=" && term.value == "uaccess") {
                node.open_to_seat = true;
            }
        }
    }
}

std::optional<unsigned> seat_user(std::string_view seat)
{
    for (const auto line : lines(seat)) {
        constexpr std::string_view key = "ACTIVE_UID=";
        if (line.starts_with(key)) {
            return number(trim(line.substr(key.size())), 10);
        }
    }
    return std::nullopt;
}

}  // namespace kvmkit
