// SPDX-License-Identifier: Apache-2.0
#include "report/verdict_line.hpp"

#include "report/phrases.hpp"

#include <algorithm>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit {
namespace {

/// The failure that all others follow from: it stands first.
const Finding* cause(const Report& report)
{
    const auto found = std::ranges::find_if(report.findings, [](const Finding& finding) {
        return finding.verdict.status == Status::fail && finding.check.severity != Severity::advisory;
    });
    return found == report.findings.end() || found->verdict.brief.empty() ? nullptr : &*found;
}

/// "AMD SVM"; where the CPU shows no flag, the architecture.
std::string technique(const Report& report)
{
    switch (report.flag) {
        case VirtFlag::vmx: return report.vendor == "GenuineIntel" ? "Intel VT-x" : "VT-x";
        case VirtFlag::svm: return report.vendor == "AuthenticAMD" ? "AMD SVM" : "SVM";
        default: break;
    }
    return report.arch;
}

std::string_view place_of(const Report& report)
{
    if (!report.underlay) {
        return {};
    }
    const bool metal = report.underlay->kind == Underlay::hardware;
    return metal ? std::string_view{"bare metal"} : phrase(report.underlay->kind);
}

/// "KVM works (AMD SVM, bare metal; a guest ran at native speed)"
std::string success(const Report& report)
{
    std::vector<std::string> parts;
    for (const auto& part : {technique(report), std::string{place_of(report)}}) {
        if (!part.empty()) {
            parts.push_back(part);
        }
    }
    return fmt::format(
        "KVM works ({}{}a guest ran at native speed)", fmt::join(parts, ", "), parts.empty() ? "" : "; ");
}

/// The state alone, where no finding names a cause.
std::string state_phrase(const Report& report)
{
    switch (report.summary.kvm) {
        case KvmState::busy:
        case KvmState::forbidden:
        case KvmState::absent: return fmt::format("KVM is {}", headline(report));
        case KvmState::unknown:
            if (!report.opens) {
                return "cannot tell whether KVM works";
            }
            break;
        default: break;
    }
    return fmt::format("KVM {}", headline(report));
}

std::string_view capitals(Readiness verdict)
{
    switch (verdict) {
        case Readiness::ready: return "READY";
        case Readiness::degraded: return "DEGRADED";
        case Readiness::unusable: return "NOT USABLE";
        case Readiness::unknown: break;
    }
    return "UNKNOWN";
}

/// By all checks. Where KVM runs guests at full speed, what was asked for beyond that decides.
Readiness verdict_of_state(const Report& report)
{
    switch (report.summary.kvm) {
        case KvmState::native: return report.summary.verdict;
        case KvmState::emulated:
        case KvmState::partial: return Readiness::degraded;
        case KvmState::unmeasured:
        case KvmState::unknown: return Readiness::unknown;
        default: return Readiness::unusable;
    }
}

/// "NOT USABLE HERE" where nobody at this host can mend it.
std::string_view verdict_word(const Report& report, const Finding* root)
{
    const Readiness verdict = verdict_of_state(report);
    if (verdict != Readiness::unusable) {
        return capitals(verdict);
    }
    const auto* remedy = root != nullptr && root->verdict.remedy ? &*root->verdict.remedy : nullptr;
    const bool elsewhere =
        remedy != nullptr && (remedy->where == Where::hypervisor || remedy->where == Where::cloud_console);
    return elsewhere ? "NOT USABLE HERE" : "NOT USABLE";
}

/// What is missing although KVM runs guests at full speed.
std::string_view shortfall(const Report& report)
{
    switch (report.summary.verdict) {
        case Readiness::ready: return "";
        case Readiness::unknown: return ", but whether all that was asked for is there is not known";
        default: return ", but not all that was asked for is there";
    }
}

}  // namespace

std::string verdict_line(const Report& report)
{
    if (report.summary.kvm == KvmState::native) {
        return fmt::format("{}: {}{}", verdict_word(report, nullptr), success(report), shortfall(report));
    }
    const Finding* root = cause(report);
    auto whole = fmt::format(
        "{}: {}", verdict_word(report, root), root == nullptr ? state_phrase(report) : one_line(root->verdict.brief));
    if (report.selection.is_all() || verdict_of_state(report) == report.summary.verdict) {
        return whole;
    }
    return fmt::format("{} by {} of {} checks; by all of them {}",
                       capitals(report.summary.verdict),
                       report.findings.size(),
                       report.catalogue_size,
                       whole);
}

std::string what_next(const Report& report)
{
    if (report.summary.verdict != Readiness::ready || report.recommendation.accel != Accel::kvm) {
        return "";
    }
    std::string text;
    if (report.summary.nested == NestedState::offered) {
        text += "nested: offered, not proved; prove it with: kvm-check nested --prove\n";
    } else if (report.summary.nested == NestedState::proved) {
        text += "nested: proved, a guest's guest ran\n";
    }
    return text + "next: vm-run launch NAME --image FILE\n";
}

}  // namespace kvmkit
