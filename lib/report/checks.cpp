// SPDX-License-Identifier: Apache-2.0
#include "report/checks.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

using Json = nlohmann::ordered_json;

template <class Ids>
std::vector<std::string_view> used(const Ids& ids)
{
    std::vector<std::string_view> found;
    std::ranges::copy_if(ids, std::back_inserter(found), [](std::string_view id) { return !id.empty(); });
    return found;
}

std::string_view group(const Check& check)
{
    return check.id.substr(0, check.id.find('.'));
}

std::string listed(const std::vector<std::string_view>& ids)
{
    return ids.empty() ? "-" : fmt::format("{}", fmt::join(ids, ", "));
}

std::string_view meaning(Severity severity)
{
    switch (severity) {
        case Severity::essential: return "where it fails, no KVM guest can run";
        case Severity::required: return "where it fails, guests run, but not as they should";
        case Severity::advisory: return "it warns and never fails";
    }
    return "";
}

/// A paragraph under a label, broken at blanks.
std::string paragraph(std::string_view label, std::string_view text)
{
    constexpr std::size_t width = 76;
    constexpr std::string_view indent = "            ";
    std::string out = fmt::format("{:<{}}", label, indent.size());
    std::size_t column = 0;
    while (!text.empty()) {
        const auto word = text.substr(0, text.find(' '));
        if (column > 0 && column + 1 + word.size() > width) {
            out += fmt::format("\n{}", indent);
            column = 0;
        }
        out += column > 0 ? " " : "";
        out += word;
        column += word.size() + (column > 0 ? 1 : 0);
        text.remove_prefix(std::min(text.size(), word.size() + 1));
    }
    return out + '\n';
}

}  // namespace

std::string to_text(std::span<const Check> checks)
{
    std::size_t id_width = 0;
    std::size_t title_width = 0;
    for (const Check& check : checks) {
        id_width = std::max(id_width, check.id.size());
        title_width = std::max(title_width, check.title.size());
    }
    auto text = fmt::format("{:<{}}  {:<9}  {:<{}}  DEPENDS ON\n", "ID", id_width, "SEVERITY", "TITLE", title_width);
    for (const Check& check : checks) {
        text += fmt::format("{:<{}}  {:<9}  {:<{}}  {}\n",
                            check.id,
                            id_width,
                            word(check.severity),
                            check.title,
                            title_width,
                            listed(used(check.depends_on)));
    }
    return text;
}

nlohmann::ordered_json to_json(std::span<const Check> checks)
{
    Json rows = Json::array();
    for (const Check& check : checks) {
        rows.push_back({{"id", check.id},
                        {"group", group(check)},
                        {"severity", word(check.severity)},
                        {"title", check.title},
                        {"depends_on", Json(used(check.depends_on))}});
    }
    return {{"checks", std::move(rows)}};
}

std::string to_text(const Check& check, const CheckDocumentation& documentation)
{
    auto text = fmt::format("{}: {}\n\n", check.id, check.title);
    text += paragraph("asks", documentation.asks);
    text += paragraph("detected", documentation.detected);
    text += paragraph("failure", documentation.failure);
    text += paragraph("mends", documentation.mends);
    text += paragraph("severity", fmt::format("{}: {}", word(check.severity), meaning(check.severity)));
    text += paragraph("depends on", listed(used(check.depends_on)));
    text += paragraph("symptoms", listed(used(documentation.symptoms)));
    return text;
}

nlohmann::ordered_json to_json(const Check& check, const CheckDocumentation& documentation)
{
    return {{"id", check.id},
            {"group", group(check)},
            {"severity", word(check.severity)},
            {"title", check.title},
            {"depends_on", Json(used(check.depends_on))},
            {"asks", documentation.asks},
            {"detected", documentation.detected},
            {"failure", documentation.failure},
            {"mends", documentation.mends},
            {"symptoms", Json(used(documentation.symptoms))}};
}

}  // namespace kvmkit
