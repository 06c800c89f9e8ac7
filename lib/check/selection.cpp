// SPDX-License-Identifier: Apache-2.0
#include "check/selection.hpp"

#include <algorithm>

namespace kvmkit {
namespace {

constexpr std::array for_nested{std::string_view{"nested.param"}, std::string_view{"nested.offered"}};

constexpr std::array for_libvirt{
    std::string_view{"libvirt.service"}, std::string_view{"libvirt.qemu_access"}, std::string_view{"qemu.binary"}};

/// What nova's libvirt driver asks of a host before it gives it instances.
constexpr std::array for_openstack_compute{std::string_view{"libvirt.service"},
                                           std::string_view{"libvirt.qemu_access"},
                                           std::string_view{"qemu.binary"},
                                           std::string_view{"net.tun"},
                                           std::string_view{"openstack.libvirt_version"},
                                           std::string_view{"openstack.qemu_version"}};

/// What only few hosts are for: judged where it is asked for by name.
constexpr std::string_view on_request{"openstack."};

constexpr std::array all_profiles{
    Profile{"kvm", "run KVM guests: what is judged anyway", {}},
    Profile{"nested", "run KVM guests that run guests themselves", for_nested},
    Profile{"libvirt", "run KVM guests by libvirt", for_libvirt},
    Profile{"openstack-compute", "run instances of OpenStack by nova's libvirt driver", for_openstack_compute},
};

bool is_reported(const Selection& selection, std::string_view id)
{
    const bool anyway = selection.only.empty() && !id.starts_with(on_request);
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
    const bool untold = finding.verdict.status == Status::skip && finding.because.empty();
    if (untold && finding.verdict.if_required) {
        finding.verdict.status = Status::fail;
        finding.verdict.remedy = std::move(finding.verdict.if_required);
    } else if (untold && finding.verdict.applies) {  // required, and nobody looked
        finding.verdict.status = Status::unknown;
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
            promote(finding);
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
        const auto group = check.id.substr(0, check.id.find('.'));
        if (check.id == word || group == word) {
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
