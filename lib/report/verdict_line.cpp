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

/// "NOT USABLE HERE" where nobody at this host can mend it.
std::string_view verdict_word(const Report& report, const Finding* root)
{
    switch (report.summary.kvm) {
        case KvmState::native: return report.summary.verdict == Readiness::ready ? "READY" : "DEGRADED";
        case KvmState::emulated:
        case KvmState::partial: return "DEGRADED";
        case KvmState::unmeasured:
        case KvmState::unknown: return "UNKNOWN";
        default: break;
    }
    const auto* remedy = root != nullptr && root->verdict.remedy ? &*root->verdict.remedy : nullptr;
    const bool elsewhere =
        remedy != nullptr && (remedy->where == Where::hypervisor || remedy->where == Where::cloud_console);
    return elsewhere ? "NOT USABLE HERE" : "NOT USABLE";
}

}  // namespace

std::string verdict_line(const Report& report)
{
    if (report.summary.kvm == KvmState::native) {
        const bool ready = report.summary.verdict == Readiness::ready;
        return fmt::format("{}: {}{}",
                           verdict_word(report, nullptr),
                           success(report),
                           ready ? "" : ", but not all that was asked for is there");
    }
    const Finding* root = cause(report);
    return fmt::format(
        "{}: {}", verdict_word(report, root), root == nullptr ? state_phrase(report) : one_line(root->verdict.brief));
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
