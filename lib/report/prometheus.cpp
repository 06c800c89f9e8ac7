// SPDX-License-Identifier: Apache-2.0
#include "report/prometheus.hpp"

#include "report/phrases.hpp"

#include <array>

#include <fmt/format.h>

namespace kvmkit {
namespace {

std::string label_value(std::string_view value)
{
    std::string text = "\"";
    for (const char c : one_line(value)) {
        if (c == '"' || c == '\\') {
            text += '\\';
        }
        text += c;
    }
    return text + '"';
}

std::string family(std::string_view name, std::string_view help)
{
    return fmt::format("# HELP kvmkit_{0} {1}\n# TYPE kvmkit_{0} gauge\n", name, help);
}

std::string host_info(const Report& report)
{
    return family("host_info", "The host that was judged; always 1.") +
           fmt::format("kvmkit_host_info{{arch={},cpu={},flag={},kernel={},underlay={}}} 1\n",
                       label_value(report.arch),
                       label_value(report.model),
                       label_value(report.cpu_known ? word(report.flag) : ""),
                       label_value(report.kernel),
                       label_value(report.underlay ? word(report.underlay->kind) : ""));
}

/// One series for each word that the state can be, so that an alert need not know what came before.
std::string verdict_states(const Report& report)
{
    constexpr std::array all{Readiness::ready, Readiness::degraded, Readiness::unusable, Readiness::unknown};
    auto text = family("kvm_verdict", "Whether this host runs KVM guests: 1 for the verdict that holds.");
    for (const Readiness verdict : all) {
        text += fmt::format("kvmkit_kvm_verdict{{verdict={}}} {}\n",
                            label_value(word(verdict)),
                            report.summary.verdict == verdict ? 1 : 0);
    }
    return text;
}

std::string recommendation_info(const Report& report)
{
    return family("recommendation_info", "The state of KVM and the accelerator that serves guests best; always 1.") +
           fmt::format("kvmkit_recommendation_info{{accel={},kvm={}}} 1\n",
                       label_value(word(report.recommendation.accel)),
                       label_value(word(report.summary.kvm)));
}

std::string check_states(const Report& report)
{
    if (report.findings.empty()) {
        return "";
    }
    auto text = family("check_status", "The checks with their status (pass, warn, fail, skip, unknown); always 1.");
    for (const Finding& finding : report.findings) {
        text += fmt::format("kvmkit_check_status{{check={},status={}}} 1\n",
                            label_value(finding.check.id),
                            label_value(word(finding.verdict.status)));
    }
    return text;
}

}  // namespace

std::string to_prometheus(const Report& report)
{
    auto text = host_info(report) + verdict_states(report) + recommendation_info(report) + check_states(report);
    for (const Measure& measure : report.measures) {
        const auto name = fmt::format("{}_{}", measure.name, measure.unit);
        text += family(name, measure.help) + fmt::format("kvmkit_{} {}\n", name, measure.value);
    }
    return text;
}

}  // namespace kvmkit
