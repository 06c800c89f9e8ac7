// SPDX-License-Identifier: Apache-2.0
#include "check/summary.hpp"

#include <algorithm>
#include <cerrno>

namespace kvmkit {
namespace {

bool any(std::span<const Finding> findings, Status status, Severity severity)
{
    return std::ranges::any_of(findings, [status, severity](const Finding& finding) {
        return finding.verdict.status == status && finding.check.severity == severity;
    });
}

bool failed(std::span<const Finding> findings, std::string_view id)
{
    return std::ranges::any_of(findings, [id](const Finding& finding) {
        return finding.verdict.status == Status::fail && finding.check.id == id;
    });
}

KvmState state_of_broken(const HostFacts& host, std::span<const Finding> findings)
{
    if (failed(findings, "kvm.access")) {
        const int errnum = host.kvm.open && *host.kvm.open ? (*host.kvm.open)->errnum : 0;
        return errnum == EACCES || errnum == EPERM ? KvmState::forbidden : KvmState::absent;
    }
    if (failed(findings, "kvm.create_vm")) {
        const bool busy = host.kvm.create_vm && *host.kvm.create_vm && (*host.kvm.create_vm)->errnum == EBUSY;
        return busy ? KvmState::busy : KvmState::broken;
    }
    const bool runs_nothing =
        failed(findings, "kvm.api") || failed(findings, "kvm.create_vcpu") || failed(findings, "kvm.run_long");
    return runs_nothing ? KvmState::broken : KvmState::absent;
}

KvmState state(const HostFacts& host, std::span<const Finding> findings, Readiness verdict)
{
    if (verdict == Readiness::unusable) {
        return state_of_broken(host, findings);
    }
    if (failed(findings, "kvm.guest_speed")) {
        return KvmState::emulated;
    }
    if (failed(findings, "kvm.run_real")) {
        return KvmState::partial;
    }
    if (verdict == Readiness::ready) {
        return KvmState::native;
    }
    return host.kvm.creates_machines() ? KvmState::unmeasured : KvmState::unknown;
}

bool ran(const Fact<GuestRun>& run)
{
    return run && *run && (*run)->passed;
}

bool ran_in_vain(const Fact<GuestRun>& run)
{
    return run && *run && !(*run)->passed;
}

/// It was asked for, and what came of it is not known. What a recording does not mention was not asked for.
bool cut_short(const Fact<GuestRun>& run)
{
    return !run && run.error().code != ErrorCode::not_found;
}

NestedState nested_state(const HostFacts& host, Readiness verdict)
{
    if (verdict == Readiness::unusable) {
        return NestedState::unavailable;
    }
    if (ran_in_vain(host.kvm.nested_run) || ran_in_vain(host.kvm.nested_paging)) {
        return NestedState::broken;
    }
    if (cut_short(host.kvm.nested_run) || cut_short(host.kvm.nested_paging)) {
        return NestedState::unknown;
    }
    if (ran(host.kvm.nested_run)) {
        return NestedState::proved;
    }
    if (host.kvm.offer && *host.kvm.offer) {
        return (*host.kvm.offer)->nests() ? NestedState::offered : NestedState::unavailable;
    }
    return NestedState::unknown;
}

}  // namespace

std::string_view word(NestedState state) noexcept
{
    switch (state) {
        case NestedState::proved: return "proved";
        case NestedState::offered: return "offered";
        case NestedState::broken: return "broken";
        case NestedState::unavailable: return "unavailable";
        case NestedState::unknown: return "unknown";
    }
    return "unknown";
}

std::string_view word(Readiness readiness) noexcept
{
    switch (readiness) {
        case Readiness::ready: return "ready";
        case Readiness::degraded: return "degraded";
        case Readiness::unusable: return "unusable";
        case Readiness::unknown: return "unknown";
    }
    return "unknown";
}

std::string_view word(KvmState state) noexcept
{
    switch (state) {
        case KvmState::native: return "native";
        case KvmState::emulated: return "emulated";
        case KvmState::partial: return "partial";
        case KvmState::unmeasured: return "unmeasured";
        case KvmState::broken: return "broken";
        case KvmState::busy: return "busy";
        case KvmState::forbidden: return "forbidden";
        case KvmState::absent: return "absent";
        case KvmState::unknown: return "unknown";
    }
    return "unknown";
}

Readiness readiness(std::span<const Finding> findings)
{
    if (any(findings, Status::fail, Severity::essential)) {
        return Readiness::unusable;
    }
    const bool unsure =
        any(findings, Status::unknown, Severity::essential) || any(findings, Status::unknown, Severity::required);
    if (any(findings, Status::fail, Severity::required)) {
        return Readiness::degraded;
    }
    return unsure ? Readiness::unknown : Readiness::ready;
}

Summary summarise(const HostFacts& host, std::span<const Finding> findings)
{
    const Readiness verdict = readiness(findings);
    return {verdict, state(host, findings, verdict), nested_state(host, verdict)};
}

}  // namespace kvmkit
