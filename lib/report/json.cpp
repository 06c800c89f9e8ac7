// SPDX-License-Identifier: Apache-2.0
#include "report/json.hpp"

#include "report/finding.hpp"
#include "report/text_or_null.hpp"

namespace kvmkit {
namespace {

using Json = nlohmann::ordered_json;

Json host_json(const Report& report)
{
    const Json cpu{{"vendor", text_or_null(report.vendor)},
                   {"model", text_or_null(report.model)},
                   {"flag", report.cpu_known ? Json(word(report.flag)) : Json(nullptr)}};
    Json underlay = nullptr;
    if (report.underlay) {
        underlay = {{"kind", word(report.underlay->kind)}, {"evidence", report.underlay->evidence}};
    }
    return {{"arch", text_or_null(report.arch)},
            {"cpu", cpu},
            {"kernel", text_or_null(report.kernel)},
            {"distribution", text_or_null(report.distribution)},
            {"underlay", underlay}};
}

Json selection_json(const Selection& selection)
{
    return {{"only", Json(selection.only)},
            {"skip", Json(selection.skip)},
            {"require", Json(selection.require)},
            {"strict", selection.strict}};
}

}  // namespace

nlohmann::ordered_json to_json(const Report& report)
{
    Json checks = Json::array();
    for (const Finding& finding : report.findings) {
        checks.push_back(finding_json(finding));
    }
    return {{"host", host_json(report)},
            {"summary",
             {{"verdict", word(report.summary.verdict)},
              {"kvm", word(report.summary.kvm)},
              {"nested", word(report.summary.nested)}}},
            {"recommendation",
             {{"accel", word(report.recommendation.accel)},
              {"cpu", report.recommendation.cpu},
              {"why", report.recommendation.why}}},
            {"selection", selection_json(report.selection)},
            {"checks", std::move(checks)}};
}

}  // namespace kvmkit
