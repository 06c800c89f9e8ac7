// SPDX-License-Identifier: Apache-2.0
#include "check/selection.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit {
namespace {

constexpr std::array for_nested{std::string_view{"nested.param"}, std::string_view{"nested.offered"}};

constexpr std::array for_libvirt{std::string_view{"libvirt.service"},
                                 std::string_view{"libvirt.qemu_access"},
                                 std::string_view{"libvirt.connect"},
                                 std::string_view{"libvirt.domcaps"},
                                 std::string_view{"qemu.binary"}};

/// What nova's libvirt driver asks of a host before it gives it instances.
constexpr std::array for_openstack_compute{std::string_view{"libvirt.service"},
                                           std::string_view{"libvirt.qemu_access"},
                                           std::string_view{"qemu.binary"},
                                           std::string_view{"net.tun"},
                                           std::string_view{"cg.controllers"},
                                           std::string_view{"openstack.libvirt_version"},
                                           std::string_view{"openstack.qemu_version"}};

/// What only few hosts are for: judged where it is asked for by name.
constexpr std::array on_request{std::string_view{"openstack."}, std::string_view{"cc."}};
constexpr std::array for_passthrough{std::string_view{"iommu.acpi"},
                                     std::string_view{"iommu.enabled"},
                                     std::string_view{"iommu.groups"},
                                     std::string_view{"iommu.interrupt_remap"},
                                     std::string_view{"vfio.modules"}};

constexpr std::array all_profiles{
    Profile{"kvm", "run KVM guests: what is judged anyway", {}},
    Profile{"nested", "run KVM guests that run guests themselves", for_nested},
    Profile{"libvirt", "run KVM guests by libvirt", for_libvirt},
    Profile{"passthrough", "give guests devices of this host (PCI, by VFIO)", for_passthrough},
    Profile{"openstack-compute", "run instances of OpenStack by nova's libvirt driver", for_openstack_compute},
};

bool is_reported(const Selection& selection, std::string_view id)
{
    const bool on_demand = std::ranges::any_of(on_request, [id](auto group) { return id.starts_with(group); });
    const bool anyway = selection.only.empty() && !on_demand;
    return anyway || selection.only.contains(id) || selection.require.contains(id);
}

/// What is to be judged: the chosen checks and, transitively, what they depend on. A dependency always stands further
/// up, so one pass from the end finds all.
std::vector<Check> needed(std::span<const Check> checks, const Selection& selection)
{
    CheckIds wanted;
    std::vector<Check> found;
    for (auto next = checks.rbegin(); next != checks.rend(); ++next) {
        const Check& check = *next;
        const bool counts = is_reported(selection, check.id) || wanted.contains(check.id);
        if (!counts || selection.skip.contains(check.id)) {
            continue;
        }
        for (const auto id : check.depends_on) {
            wanted.emplace(id);
        }
        found.push_back(check);
    }
    std::ranges::reverse(found);
    return found;
}

void promote(Finding& finding)
{
    if (finding.check.severity != Severity::advisory) {
        return;
    }
    finding.check.severity = Severity::required;
    if (finding.verdict.status == Status::warn) {
        finding.verdict.status = Status::fail;
    }
    if (finding.verdict.if_required) {
        finding.verdict.status = Status::fail;
        finding.verdict.remedy = std::move(finding.verdict.if_required);
        finding.verdict.if_required.reset();
    }
    const bool untold = finding.verdict.status == Status::skip && finding.because.empty();
    if (untold && finding.verdict.applies) {  // required, and nobody looked
        finding.verdict.status = Status::unknown;
    }
}

/// What fails only now, since it is required, is no news beside the failure of what it depends on.
void fold_into_cause(Finding& finding, const std::vector<Finding>& findings)
{
    for (const auto id : finding.check.depends_on) {
        const auto cause = std::ranges::find(findings, id, [](const Finding& other) { return other.check.id; });
        if (cause == findings.end()) {
            continue;
        }
        const std::string root = cause->because.empty() ? std::string{cause->check.id} : cause->because;
        if (cause->verdict.status == Status::fail || !cause->because.empty()) {
            finding.verdict = skip(fmt::format("{} failed", root));
            finding.because = root;
            return;
        }
    }
}

/// Makes the required checks count, and the roots because of which they were skipped.
void promote_required(std::vector<Finding>& findings, const CheckIds& required)
{
    CheckIds all = required;
    for (const Finding& finding : findings) {
        if (!finding.because.empty() && required.contains(finding.check.id)) {
            all.insert(finding.because);
        }
    }
    for (Finding& finding : findings) {
        if (all.contains(finding.check.id)) {
            const bool needed = finding.verdict.if_required.has_value();
            promote(finding);
            if (needed) {
                fold_into_cause(finding, findings);
            }
        }
    }
}

}  // namespace

std::span<const Profile> profiles()
{
    return all_profiles;
}

CheckIds checks_named(std::span<const Check> checks, std::string_view word)
{
    CheckIds found;
    for (const Check& check : checks) {
        if (check.id == word || check.group() == word) {
            found.emplace(check.id);
        }
    }
    return found;
}

Judgement judge_selected(const HostFacts& host, std::span<const Check> checks, const Selection& selection)
{
    Judgement judgement;
    judgement.findings = judge(host, needed(checks, selection));
    auto& findings = judgement.findings;
    promote_required(findings, selection.require);
    judgement.verdict = readiness(findings);
    CheckIds causes;
    for (const Finding& finding : findings) {
        if (is_reported(selection, finding.check.id)) {
            causes.emplace(finding.because);
        }
    }
    std::erase_if(findings, [&](const Finding& finding) {
        return !is_reported(selection, finding.check.id) && !causes.contains(finding.check.id);
    });
    const bool warned =
        std::ranges::any_of(findings, [](const Finding& finding) { return finding.verdict.status == Status::warn; });
    if (selection.strict && warned && judgement.verdict == Readiness::ready) {
        judgement.verdict = Readiness::degraded;
    }
    return judgement;
}

}  // namespace kvmkit
