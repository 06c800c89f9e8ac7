// SPDX-License-Identifier: Apache-2.0
#include "report/json.hpp"

namespace kvmkit {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text)
{
    return text.empty() ? Json(nullptr) : Json(text);
}

Json host_json(const Report& report)
{
    const Json cpu{{"vendor", text_or_null(report.vendor)},
                   {"model", text_or_null(report.model)},
                   {"flag", report.cpu_known ? Json(word(report.flag)) : Json(nullptr)}};
    return {{"arch", text_or_null(report.arch)}, {"cpu", cpu}};
}

Json remedy_json(const std::optional<Remedy>& remedy)
{
    if (!remedy) {
        return nullptr;
    }
    return {{"summary", remedy->summary}, {"commands", Json(remedy->commands)}, {"where", word(remedy->where)}};
}

Json finding_json(const Finding& finding)
{
    return {{"id", finding.check.id},
            {"status", word(finding.verdict.status)},
            {"title", finding.check.title},
            {"evidence", finding.verdict.evidence},
            {"remedy", remedy_json(finding.verdict.remedy)},
            {"because", text_or_null(finding.because)}};
}

}  // namespace

nlohmann::ordered_json to_json(const Report& report)
{
    Json checks = Json::array();
    for (const Finding& finding : report.findings) {
        checks.push_back(finding_json(finding));
    }
    return {{"host", host_json(report)},
            {"summary", {{"verdict", word(report.summary.verdict)}, {"kvm", word(report.summary.kvm)}}},
            {"recommendation", {{"accel", word(report.recommendation.accel)}, {"why", report.recommendation.why}}},
            {"checks", std::move(checks)}};
}

}  // namespace kvmkit
