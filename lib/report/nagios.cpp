// SPDX-License-Identifier: Apache-2.0
#include "report/nagios.hpp"

#include "report/phrases.hpp"
#include "report/verdict_line.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit {
namespace {

std::string_view word(NagiosState state)
{
    switch (state) {
        case NagiosState::ok: return "OK";
        case NagiosState::warning: return "WARNING";
        case NagiosState::critical: return "CRITICAL";
        case NagiosState::unknown: return "UNKNOWN";
    }
    return "UNKNOWN";
}

/// The bar separates performance data, so the text cannot hold one.
std::string without_bar(std::string_view text)
{
    auto line = one_line(text);
    std::ranges::replace(line, '|', '/');
    return line;
}

/// Digits and a point only, as the guidelines want it: no exponent.
std::string number(double value)
{
    auto text = fmt::format("{:.12f}", value);
    text.erase(text.find_last_not_of('0') + 1);
    return text.ends_with('.') ? text.substr(0, text.size() - 1) : text;
}

std::string performance(const Measure& measure)
{
    const auto unit = measure.unit == "seconds" ? "s" : "";
    const auto data = fmt::format("{}={}{}", measure.name, number(measure.value), unit);
    return measure.limit ? fmt::format("{};{};;0", data, number(*measure.limit)) : data + ";;;0";
}

bool counts(Status status)
{
    return status == Status::warn || status == Status::fail || status == Status::unknown;
}

}  // namespace

NagiosState nagios_state(Readiness verdict) noexcept
{
    switch (verdict) {
        case Readiness::ready: return NagiosState::ok;
        case Readiness::degraded: return NagiosState::warning;
        case Readiness::unusable: return NagiosState::critical;
        case Readiness::unknown: return NagiosState::unknown;
    }
    return NagiosState::unknown;
}

std::string to_nagios(const Report& report)
{
    auto line = fmt::format("KVM {} - {}", word(nagios_state(report.summary.verdict)), verdict_line(report));
    for (const Finding& finding : report.findings) {
        if (counts(finding.verdict.status)) {
            line +=
                fmt::format("; {} {}: {}", finding.check.id, word(finding.verdict.status), finding.verdict.evidence);
        }
    }
    line = without_bar(line);
    std::string_view before = " | ";
    for (const Measure& measure : report.measures) {
        line += before;
        line += performance(measure);
        before = " ";
    }
    return line + '\n';
}

std::string nagios_error(std::string_view message)
{
    return fmt::format("KVM UNKNOWN - {}\n", without_bar(message));
}

}  // namespace kvmkit
