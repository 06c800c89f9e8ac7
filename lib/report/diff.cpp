// SPDX-License-Identifier: Apache-2.0
#include "report/diff.hpp"

#include "report/json.hpp"
#include "report/text_or_null.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace kvmkit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view schema = "kvmkit.kvm-check.run/1";

/// A fact's name and where it stands in the record.
struct FactRow {
    const char* name;
    const char* pointer;
};

constexpr std::array fact_rows{
    FactRow{"verdict", "/summary/verdict"},
    FactRow{"kvm", "/summary/kvm"},
    FactRow{"accelerator", "/recommendation/accel"},
    FactRow{"arch", "/host/arch"},
    FactRow{"cpu.vendor", "/host/cpu/vendor"},
    FactRow{"cpu.model", "/host/cpu/model"},
    FactRow{"cpu.flag", "/host/cpu/flag"},
    FactRow{"kernel", "/host/kernel"},
    FactRow{"distribution", "/host/distribution"},
    FactRow{"underlay", "/host/underlay/kind"},
    FactRow{"cloud", "/host/underlay/cloud"},
    FactRow{"container", "/host/underlay/container"},
};

/// Empty where it is null or was not there yet when the record was written.
std::string value_at(const Json& record, const char* pointer)
{
    const Json::json_pointer where{pointer};
    return record.contains(where) && record.at(where).is_string() ? record.at(where).get<std::string>() : std::string{};
}

/// May throw Json::exception.
Outline outline_of(const Json& record)
{
    Outline outline;
    for (const FactRow& row : fact_rows) {
        outline.facts.emplace_back(row.name, value_at(record, row.pointer));
    }
    for (const Json& check : record.at("checks")) {
        outline.checks.push_back({check.at("id").get<std::string>(),
                                  check.at("status").get<std::string>(),
                                  check.at("evidence").get<std::string>()});
    }
    return outline;
}

bool is_number_part(char c)
{
    return std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '.';
}

/// The text with every measured number as '#': one that is followed by its unit.
std::string without_measurements(std::string_view text)
{
    constexpr std::array units{" ms", " us", " ns", " times"};
    std::string result;
    while (!text.empty()) {
        const auto end = std::ranges::find_if_not(text, is_number_part);
        const std::string_view number{text.begin(), end};
        text.remove_prefix(number.size());
        const bool measured = std::ranges::any_of(units, [&](const char* unit) { return text.starts_with(unit); });
        result += measured && !number.empty() ? std::string_view{"#"} : number;
        if (!text.empty()) {
            result += text.front();
            text.remove_prefix(1);
        }
    }
    return result;
}

bool same(const OutlinedCheck& a, const OutlinedCheck& b)
{
    const bool only_measured = a.id == "kvm.exit_cost" || a.id == "kvm.guest_speed";
    return a.status == b.status &&
           (only_measured || without_measurements(a.evidence) == without_measurements(b.evidence));
}

const OutlinedCheck* find_check(const Outline& outline, std::string_view id)
{
    const auto found = std::ranges::find(outline.checks, id, &OutlinedCheck::id);
    return found == outline.checks.end() ? nullptr : &*found;
}

std::string_view or_unknown(std::string_view value)
{
    return value.empty() ? "not known" : value;
}

std::string_view status_of(const std::optional<OutlinedCheck>& check)
{
    return check ? std::string_view{check->status} : "not judged";
}

std::string check_text(const CheckDifference& difference)
{
    auto text = fmt::format("{:<18} {} -> {}\n", difference.id, status_of(difference.a), status_of(difference.b));
    if (difference.a) {
        text += fmt::format("  - {}\n", difference.a->evidence);
    }
    if (difference.b) {
        text += fmt::format("  + {}\n", difference.b->evidence);
    }
    return text;
}

Json check_json(const std::optional<OutlinedCheck>& check)
{
    return check ? Json{{"status", check->status}, {"evidence", check->evidence}} : Json(nullptr);
}

}  // namespace

Outline outline(const Report& report)
{
    return outline_of(to_json(report));
}

Result<Outline> read_outline(std::string_view json)
try {
    const Json record = Json::parse(json);
    if (!record.is_object() || record.value("schema", "") != schema) {
        return Error{ErrorCode::invalid, fmt::format("no record {}", schema)};
    }
    return outline_of(record);
} catch (const Json::exception&) {  // its text quotes raw bytes, which belong on no terminal
    return Error{ErrorCode::invalid, fmt::format("no record {}", schema)};
}

Differences compare(const Outline& a, const Outline& b)
{
    Differences found;
    for (std::size_t i = 0; i < std::min(a.facts.size(), b.facts.size()); ++i) {
        if (a.facts[i].second != b.facts[i].second) {
            found.facts.push_back({a.facts[i].first, a.facts[i].second, b.facts[i].second});
        }
    }
    for (const OutlinedCheck& check : a.checks) {
        const auto* other = find_check(b, check.id);
        if (other == nullptr) {
            found.checks.push_back({check.id, check, std::nullopt});
        } else if (!same(check, *other)) {
            found.checks.push_back({check.id, check, *other});
        }
    }
    for (const OutlinedCheck& check : b.checks) {
        if (find_check(a, check.id) == nullptr) {
            found.checks.push_back({check.id, std::nullopt, check});
        }
    }
    return found;
}

std::string to_text(const Differences& differences)
{
    if (differences.none()) {
        return "no difference\n";
    }
    std::string text;
    for (const FactDifference& fact : differences.facts) {
        text += fmt::format("{:<18} {} -> {}\n", fact.name, or_unknown(fact.a), or_unknown(fact.b));
    }
    for (const CheckDifference& check : differences.checks) {
        text += check_text(check);
    }
    return text;
}

nlohmann::ordered_json to_json(const Differences& differences)
{
    Json facts = Json::array();
    for (const FactDifference& fact : differences.facts) {
        facts.push_back({{"name", fact.name}, {"a", text_or_null(fact.a)}, {"b", text_or_null(fact.b)}});
    }
    Json checks = Json::array();
    for (const CheckDifference& check : differences.checks) {
        checks.push_back({{"id", check.id}, {"a", check_json(check.a)}, {"b", check_json(check.b)}});
    }
    return {{"same", differences.none()}, {"facts", std::move(facts)}, {"checks", std::move(checks)}};
}

}  // namespace kvmkit
