// SPDX-License-Identifier: Apache-2.0
#include "report/log_report.hpp"

#include "base/count.hpp"
#include "report/remedy.hpp"
#include "report/text_or_null.hpp"

#include <string_view>

#include <fmt/format.h>

namespace kvmkit {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t explanation_indent = 5;

std::string lines_of(const LogReport& report)
{
    auto text = counted(report.lines, "line");
    if (report.cut_lines > 0) {
        text += fmt::format(" ({} cut after {} bytes)", report.cut_lines, Explainer::longest_line);
    }
    return text;
}

std::string nothing_known(const LogReport& report)
{
    return fmt::format(
        "no line is known: {} read\n"
        "next, pass on more of what was said, or ask the host itself:\n"
        "  $ dmesg | kvm-check explain\n"
        "  $ kvm-check explain /var/log/libvirt/qemu/NAME.log\n"
        "  $ kvm-check run --all\n",
        lines_of(report));
}

std::string times(std::size_t count)
{
    return count == 1 ? "" : fmt::format(", {} times", count);
}

std::string explanation_text(const Explanation& explanation, Paint paint)
{
    const bool root = explanation.because.empty();
    const auto symptom = fmt::format("{:<4}", explanation.symptom);
    auto text = fmt::format("\n{} {}\n{:{}}line {}{}: {}\n",
                            paint == Paint::ansi && root ? fmt::format("\x1b[31m{}\x1b[0m", symptom) : symptom,
                            explanation.cause,
                            "",
                            explanation_indent,
                            explanation.line,
                            times(explanation.count),
                            explanation.text);
    if (!root) {
        return text + fmt::format(
                          "{:{}}follows from {} above: mend that first\n", "", explanation_indent, explanation.because);
    }
    if (!explanation.check.empty()) {
        text += fmt::format(
            "{:{}}check: {} ('kvm-check show {}')\n", "", explanation_indent, explanation.check, explanation.check);
    }
    return text + to_text(explanation.remedy, explanation_indent);
}

Json explanation_json(const Explanation& explanation)
{
    return {{"symptom", explanation.symptom},
            {"check", text_or_null(explanation.check)},
            {"cause", explanation.cause},
            {"remedy", to_json(explanation.remedy)},
            {"because", text_or_null(explanation.because)},
            {"count", explanation.count},
            {"line", explanation.line},
            {"text", explanation.text}};
}

}  // namespace

std::string to_text(const LogReport& report, Paint paint)
{
    if (report.explanations.empty()) {
        return nothing_known(report);
    }
    auto text = fmt::format("{} in {}\n", counted(report.explanations.size(), "cause"), lines_of(report));
    for (const Explanation& explanation : report.explanations) {
        text += explanation_text(explanation, paint);
    }
    return text;
}

nlohmann::ordered_json to_json(const LogReport& report)
{
    Json causes = Json::array();
    for (const Explanation& explanation : report.explanations) {
        causes.push_back(explanation_json(explanation));
    }
    return {{"lines", report.lines}, {"cut_lines", report.cut_lines}, {"causes", std::move(causes)}};
}

}  // namespace kvmkit
