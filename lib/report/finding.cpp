// SPDX-License-Identifier: Apache-2.0
#include "report/finding.hpp"

#include "report/phrases.hpp"
#include "report/remedy.hpp"
#include "report/text_or_null.hpp"

#include <fmt/format.h>

namespace kvmkit {
namespace {

using Json = nlohmann::ordered_json;

std::string_view colour_of(Status status)
{
    switch (status) {
        case Status::pass: return "32";
        case Status::fail: return "31";
        case Status::skip: return "2";
        case Status::warn:
        case Status::unknown: return "33";
    }
    return "0";
}

constexpr std::size_t indent = 9;

}  // namespace

std::string coloured(std::string_view text, std::string_view code, Paint paint)
{
    return paint == Paint::ansi ? fmt::format("\x1b[{}m{}\x1b[0m", code, text) : std::string{text};
}

std::string finding_text(const Finding& finding, Paint paint)
{
    const Verdict& verdict = finding.verdict;
    auto text = fmt::format("{} {:<18} {}\n         {}\n",
                            coloured(fmt::format("{:<8}", word(verdict.status)), colour_of(verdict.status), paint),
                            finding.check.id,
                            finding.check.title,
                            one_line(verdict.evidence));
    return verdict.remedy ? text + to_text(*verdict.remedy, indent) : text;
}

nlohmann::ordered_json finding_json(const Finding& finding)
{
    const auto& took = finding.verdict.took;
    return {{"id", finding.check.id},
            {"group", finding.check.group()},
            {"status", word(finding.verdict.status)},
            {"severity", word(finding.check.severity)},
            {"title", finding.check.title},
            {"evidence", finding.verdict.evidence},
            {"remedy", finding.verdict.remedy ? to_json(*finding.verdict.remedy) : Json(nullptr)},
            {"because", text_or_null(finding.because)},
            {"ms", took ? Json(std::chrono::duration<double, std::milli>(*took).count()) : Json(nullptr)}};
}

}  // namespace kvmkit
