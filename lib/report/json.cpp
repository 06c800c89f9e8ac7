// SPDX-License-Identifier: Apache-2.0
#include "report/json.hpp"

#include "report/finding.hpp"
#include "report/text_or_null.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit {
namespace {

using Json = nlohmann::ordered_json;

Json flag_or_null(std::optional<VirtFlag> flag)
{
    return flag ? Json(word(*flag)) : Json(nullptr);
}

Json underlay_json(const Report& report)
{
    const auto& underlay = report.underlay;
    return {{"kind", word(underlay ? underlay->kind : Underlay::unidentified)},
            {"product", text_or_null(report.product)},
            {"cloud", text_or_null(report.cloud)},
            {"level", underlay ? Json(level_of(*underlay)) : Json(nullptr)},
            {"container", text_or_null(report.container)},
            {"evidence", underlay ? Json(underlay->evidence) : Json(nullptr)}};
}

Json host_json(const Report& report)
{
    const bool flagged = report.cpu_known && report.flag != VirtFlag::none;
    const Json cpu{{"vendor", text_or_null(report.vendor)},
                   {"model", text_or_null(report.model)},
                   {"flag", flagged ? Json(word(report.flag)) : Json(nullptr)},
                   {"raw", flag_or_null(report.raw_flag)},
                   {"kernel", report.cpu_known ? Json(word(report.flag)) : Json(nullptr)}};
    return {{"arch", text_or_null(report.arch)},
            {"cpu", cpu},
            {"kernel", text_or_null(report.kernel)},
            {"distribution", text_or_null(report.distribution)},
            {"underlay", underlay_json(report)}};
}

Json counts_json(const Report& report)
{
    Json counts;
    for (const Status status : {Status::pass, Status::warn, Status::fail, Status::skip, Status::unknown}) {
        counts[std::string{word(status)}] = std::ranges::count_if(
            report.findings, [status](const Finding& finding) { return finding.verdict.status == status; });
    }
    return counts;
}

/// "guest_slowdown_ratio": the name and the unit, as in Prometheus' metrics.
Json perfdata_json(const Report& report)
{
    Json all = Json::object();
    for (const Measure& measure : report.measures) {
        all[fmt::format("{}_{}", measure.name, measure.unit)] = measure.value;
    }
    return all;
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
              {"nested", word(report.summary.nested)},
              {"counts", counts_json(report)}}},
            {"recommendation",
             {{"accel", word(report.recommendation.accel)},
              {"cpu", report.recommendation.cpu},
              {"why", report.recommendation.why}}},
            {"selection", selection_json(report.selection)},
            {"checks", std::move(checks)},
            {"perfdata", perfdata_json(report)}};
}

}  // namespace kvmkit
