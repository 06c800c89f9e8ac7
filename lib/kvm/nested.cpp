// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/nested.hpp"
#include "kvm/internal/layout.hpp"
#include "kvm/internal/run.hpp"

namespace kvmkit::kvm {
namespace {

using Clock = std::chrono::steady_clock;

/// How the outer guest tells that its own guest came back by its call, and what that call is called there.
struct Kind {
    std::uint64_t word;
    std::uint64_t call;
    std::uint64_t mark;
};
constexpr Kind svm{'S', 0x81, 0x324c204d5653};  // VMEXIT_VMMCALL
constexpr Kind vmx{'V', 18, 0x324c20584d56};    // exit reason: VMCALL

GuestResult judge_return(const Machine& machine, const Kind& kind)
{
    const std::uint64_t reason = machine.fetch(layout::report_reason);
    if (reason != kind.call) {
        return {.ended = Ended::wrong_exit, .code = reason};
    }
    const std::uint64_t mark = machine.fetch(layout::report_mark);
    return mark == kind.mark ? GuestResult{.ended = Ended::passed}
                             : GuestResult{.ended = Ended::wrong_result, .code = mark};
}

GuestResult judge_word(const Machine& machine, const Kind& kind, std::uint64_t word)
{
    if (word == kind.word) {
        return judge_return(machine, kind);
    }
    const std::uint64_t detail = machine.fetch(layout::report_detail);
    switch (word) {
        case 'O': return {.ended = Ended::vmxon_failed};
        case 'W': return {.ended = Ended::field_refused, .code = detail};
        case 'F': return {.ended = Ended::vmx_failed, .code = detail};
        default: return {.ended = Ended::wrong_result, .code = word};
    }
}

GuestResult result_of(int device, const Offer& offer, Paging paging, std::chrono::milliseconds budget)
{
    auto machine = Machine::build(device);
    if (!machine) {
        return not_begun(machine.error());
    }
    const auto ready = offer.svm ? prepare_svm(*machine, paging) : prepare_vmx(*machine, device);
    if (!ready) {
        return not_begun(ready.error());
    }
    const Departure spoken = enter(*machine, budget);
    switch (spoken.kind) {
        case Departure::Kind::said: return judge_word(*machine, offer.svm ? svm : vmx, spoken.word);
        case Departure::Kind::halted: return {.ended = Ended::wrong_result};
        case Departure::Kind::ended: break;
    }
    return spoken.result;
}

}  // namespace

GuestResult run_inner_guest(int device, const Offer& offer, Paging paging, std::chrono::milliseconds budget)
{
    if (!has_guest_code) {
        return {.ended = Ended::no_guest_code};
    }
    if (!offer.svm && !offer.vmx) {
        return {};
    }
    const auto begin = Clock::now();
    GuestResult result = result_of(device, offer, paging, budget);
    result.microseconds = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begin).count();
    return result;
}

}  // namespace kvmkit::kvm
