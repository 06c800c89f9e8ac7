// SPDX-License-Identifier: Apache-2.0
#include "report/markdown.hpp"

#include "report/phrases.hpp"
#include "report/verdict_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

/// Text that shows as it is, also inside a cell: whatever Markdown or HTML could take for its own is escaped.
std::string plain(std::string_view text)
{
    constexpr std::string_view special = "\\`*_[]<>|&~#";
    std::string escaped;
    for (const char c : one_line(text)) {
        if (special.find(c) != std::string_view::npos) {
            escaped += '\\';
        }
        escaped += c;
    }
    return escaped;
}

std::string row(std::string_view name, std::string_view value)
{
    return fmt::format("| {} | {} |\n", name, value.empty() ? "not known" : plain(value));
}

std::string cpu_of(const Report& report)
{
    if (!report.cpu_known) {
        return "";
    }
    return fmt::format("{}, {}, flag {}", report.vendor, report.model, word(report.flag));
}

std::string underlay_of(const Report& report)
{
    return report.underlay ? fmt::format("{} ({})", word(report.underlay->kind), report.underlay->evidence) : "";
}

std::string host_table(const Report& report, std::string_view version)
{
    auto text = std::string{"| | |\n|---|---|\n"};
    text += row("kvm-check", version) + row("verdict", word(report.summary.verdict));
    if (const auto about = scope(report); !about.empty()) {
        text += row("judged by", about);
    }
    return text + row("KVM", word(report.summary.kvm)) +
           row("accelerator", fmt::format("{}: {}", word(report.recommendation.accel), report.recommendation.why)) +
           row("CPU", cpu_of(report)) + row("architecture", report.arch) + row("kernel", report.kernel) +
           row("distribution", report.distribution) + row("underlay", underlay_of(report));
}

std::string check_table(const Report& report)
{
    auto text = std::string{"| check | status | evidence |\n|---|---|---|\n"};
    for (const Finding& finding : report.findings) {
        text += fmt::format(
            "| `{}` | {} | {} |\n", finding.check.id, word(finding.verdict.status), plain(finding.verdict.evidence));
    }
    return text;
}

/// A fence that no line of the commands can close.
std::string fence_for(const std::vector<std::string>& commands)
{
    std::string fence = "```";
    while (fmt::format("{}", fmt::join(commands, "\n")).find(fence) != std::string::npos) {
        fence += '`';
    }
    return fence;
}

std::string remedies(const Report& report)
{
    std::string text;
    for (const Finding& finding : report.findings) {
        if (!finding.verdict.remedy) {
            continue;
        }
        const Remedy& remedy = *finding.verdict.remedy;
        text += fmt::format("\n`{}`{}: {}\n", finding.check.id, place(remedy.where), plain(remedy.summary));
        if (!remedy.commands.empty()) {
            const auto fence = fence_for(remedy.commands);
            text += fmt::format("\n{}sh\n{}\n{}\n", fence, fmt::join(remedy.commands, "\n"), fence);
        }
    }
    return text.empty() ? text : "\n### What mends it\n" + text;
}

}  // namespace

std::string to_markdown(const Report& report, std::string_view version)
{
    return fmt::format("## KVM: {}\n\n{}\n### Checks\n\n{}{}",
                       plain(verdict_line(report)),
                       host_table(report, version),
                       check_table(report),
                       remedies(report));
}

}  // namespace kvmkit
