// SPDX-License-Identifier: Apache-2.0
#include "report/text.hpp"

#include "base/count.hpp"
#include "report/finding.hpp"
#include "report/phrases.hpp"
#include "report/verdict_line.hpp"

#include <algorithm>
#include <set>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

std::string_view colour_of(Readiness verdict)
{
    switch (verdict) {
        case Readiness::ready: return "32";
        case Readiness::unusable: return "31";
        case Readiness::degraded:
        case Readiness::unknown: return "33";
    }
    return "0";
}

/// "1 cause, 6 checks skipped because of it: cpu.virt_ext"; empty if none was.
std::string skipped_line(const Report& report)
{
    std::set<std::string> roots;
    std::size_t count = 0;
    for (const Finding& finding : report.findings) {
        if (finding.verdict.status == Status::skip && !finding.because.empty()) {
            roots.insert(finding.because);
            ++count;
        }
    }
    if (count == 0) {
        return "";
    }
    return fmt::format("{}, {} skipped because of {}: {}\n",
                       counted(roots.size(), "cause"),
                       counted(count, "check"),
                       roots.size() == 1 ? "it" : "them",
                       fmt::join(roots, ", "));
}

bool is_shown(const Finding& finding, Detail detail)
{
    const Status status = finding.verdict.status;
    return detail == Detail::all || (status != Status::pass && status != Status::skip);
}

}  // namespace

std::string to_text(const Report& report, Detail detail, Paint paint)
{
    auto text = fmt::format("{}\naccelerator: {}{} ({})\n",
                            coloured(verdict_line(report), colour_of(report.summary.verdict), paint),
                            word(report.recommendation.accel),
                            report.summary.verdict == Readiness::unusable ? " meanwhile" : "",
                            one_line(report.recommendation.why));
    if (report.selection.is_all()) {
        text += what_next(report);
    }
    if (const auto about = scope(report); !about.empty()) {
        text += fmt::format("judged by {}\n", about);
    }
    std::string findings;
    for (const Finding& finding : report.findings) {
        if (is_shown(finding, detail)) {
            findings += finding_text(finding, paint);
        }
    }
    if (detail == Detail::problems) {
        findings += skipped_line(report);
    }
    if (detail == Detail::problems && report.summary.verdict == Readiness::unusable) {
        findings += "check again with: kvm-check\n";
    }
    return findings.empty() ? text : text + '\n' + findings;
}

}  // namespace kvmkit
