// SPDX-License-Identifier: Apache-2.0
#include "report/nested.hpp"

#include "report/finding.hpp"
#include "report/phrases.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit {
namespace {

using Json = nlohmann::ordered_json;

std::string_view headline(NestedState state)
{
    switch (state) {
        case NestedState::proved: return "proved: a guest's guest ran here";
        case NestedState::offered: return "offered, not proved: no guest's guest was run";
        case NestedState::broken: return "offered, but a guest's guest does not run";
        case NestedState::unavailable: return "not available: guests of this host cannot use KVM";
        case NestedState::unknown: return "cannot tell whether guests of this host can use KVM";
    }
    return "cannot tell";
}

std::string_view colour_of(NestedState state)
{
    switch (state) {
        case NestedState::proved:
        case NestedState::offered: return "32";
        case NestedState::broken:
        case NestedState::unavailable: return "31";
        case NestedState::unknown: return "33";
    }
    return "0";
}

std::optional<Finding> find(const Report& report, std::string_view id)
{
    const auto found = std::ranges::find(report.findings, id, [](const Finding& finding) { return finding.check.id; });
    return found == report.findings.end() ? std::nullopt : std::optional{*found};
}

/// Only if something was run.
std::optional<Finding> tried(const Report& report, std::string_view id, const Fact<GuestRun>& run)
{
    const bool asked_for = run ? run->has_value() : run.error().code != ErrorCode::not_found;
    return asked_for ? find(report, id) : std::nullopt;
}

/// What leaves the answer open.
bool is_open(const Finding& finding)
{
    const bool essential = finding.check.severity == Severity::essential;
    return finding.verdict.status == Status::unknown && (essential || finding.check.id.starts_with("nested."));
}

bool stands_in_the_way(const Finding& finding)
{
    const bool essential = finding.check.severity == Severity::essential;
    const bool nested = finding.check.id.starts_with("nested.");
    const Status status = finding.verdict.status;
    return (essential && status == Status::fail) || (nested && (status == Status::warn || status == Status::fail));
}

std::string below(const HostFacts& host)
{
    if (host.arch && *host.arch && !is_x86(**host.arch)) {
        return "";
    }
    if (host.cpu && *host.cpu && virt_flag(**host.cpu) != VirtFlag::none) {
        return std::string{word(virt_flag(**host.cpu))};
    }
    if (host.cpuid && *host.cpuid) {
        return (*host.cpuid)->vmx ? "vmx" : (*host.cpuid)->svm ? "svm" : "none";
    }
    return host.cpu && *host.cpu ? "none" : "";
}

std::string floor_text(const NestedReport& report)
{
    if (!report.underlay || !*report.underlay) {
        return "this host: what it runs on is not known\n";
    }
    const UnderlayFacts& underlay = **report.underlay;
    return fmt::format("this host: {} ({})\n", phrase(underlay.kind), one_line(underlay.evidence));
}

std::string below_text(const NestedReport& report)
{
    const auto* giver = report.virtualized.value_or(false) ? "the hypervisor below" : "the CPU";
    if (report.below.empty()) {
        return fmt::format("it gets:   not known what {} offers\n", giver);
    }
    return report.below == "none" ? fmt::format("it gets:   neither vmx nor svm from {}\n", giver)
                                  : fmt::format("it gets:   {} from {}\n", report.below, giver);
}

std::string offer_text(const NestedReport& report)
{
    if (!report.offer) {
        return fmt::format("it offers: not known: {}\n", one_line(report.offer.error().message));
    }
    if (!*report.offer) {
        return report.state == NestedState::unavailable ? "it offers: nothing: KVM does not work here\n"
                                                        : "it offers: not known: KVM was not asked\n";
    }
    const NestedOffer& offer = **report.offer;
    if (!offer.vmx && !offer.svm) {
        return "it offers: neither vmx nor svm to its guests\n";
    }
    return fmt::format(
        "it offers: {}{} to its guests\n", offer.svm ? "svm" : "vmx", offer.nested_paging ? " with nested paging" : "");
}

std::string proof_text(const NestedReport& report)
{
    std::string text;
    for (const auto& finding : {report.run, report.paging}) {
        if (finding) {
            text += fmt::format("proof:     {}\n", one_line(finding->verdict.evidence));
        }
    }
    return text;
}

std::string next_text(const NestedReport& report)
{
    if (report.state == NestedState::offered) {
        return "next:      kvm-check nested --prove runs a guest's guest (not on a host that must not fail)\n";
    }
    return report.state == NestedState::proved ? "next:      give guests the host's CPU: QEMU -cpu host, libvirt <cpu "
                                                 "mode='host-passthrough'/>\n"
                                               : "";
}

Json finding_or_null(const std::optional<Finding>& finding)
{
    return finding ? finding_json(*finding) : Json(nullptr);
}

Json underlay_json(const Fact<UnderlayFacts>& underlay)
{
    return underlay && *underlay ? Json{{"kind", word((*underlay)->kind)}, {"evidence", (*underlay)->evidence}}
                                 : Json(nullptr);
}

Json offer_json(const Fact<NestedOffer>& offer)
{
    return offer && *offer ? Json{{"vmx", (*offer)->vmx},
                                  {"svm", (*offer)->svm},
                                  {"nested_paging", (*offer)->nested_paging},
                                  {"state_bytes", (*offer)->state_size}}
                           : Json(nullptr);
}

}  // namespace

NestedReport make_nested_report(const HostFacts& host, const Report& report)
{
    NestedReport nested;
    nested.state = report.summary.nested;
    nested.underlay = host.underlay;
    if (host.underlay && *host.underlay) {
        nested.virtualized = !owns_machine((*host.underlay)->kind);
    }
    nested.below = below(host);
    nested.offer = host.kvm.offer;
    nested.run = tried(report, "nested.run", host.kvm.nested_run);
    nested.paging = tried(report, "nested.npt", host.kvm.nested_paging);
    auto missing = std::ranges::find_if(report.findings, stands_in_the_way);
    if (missing == report.findings.end() && nested.state == NestedState::unknown) {
        missing = std::ranges::find_if(report.findings, is_open);
    }
    if (missing != report.findings.end()) {
        nested.missing = *missing;
    }
    return nested;
}

std::string to_text(const NestedReport& report, Paint paint)
{
    auto text = fmt::format("{}\n{}{}{}{}{}",
                            coloured(fmt::format("nested: {}", headline(report.state)), colour_of(report.state), paint),
                            floor_text(report),
                            below_text(report),
                            offer_text(report),
                            proof_text(report),
                            next_text(report));
    if (report.missing) {
        text += "\n" + finding_text(*report.missing, paint);
    }
    return text;
}

nlohmann::ordered_json to_json(const NestedReport& report)
{
    return {{"verdict", word(report.state)},
            {"underlay", underlay_json(report.underlay)},
            {"level", report.virtualized ? Json(*report.virtualized ? 1 : 0) : Json(nullptr)},
            {"gets", report.below.empty() ? Json(nullptr) : Json(report.below)},
            {"offers", offer_json(report.offer)},
            {"run", finding_or_null(report.run)},
            {"npt", finding_or_null(report.paging)},
            {"missing", finding_or_null(report.missing)}};
}

}  // namespace kvmkit
