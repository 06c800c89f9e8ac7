// SPDX-License-Identifier: Apache-2.0
#include "kvm/proof.hpp"

#include <linux/kvm.h>

#include <string_view>

#include <fmt/format.h>

namespace kvmkit::kvm {
namespace {

std::string_view name(Call call)
{
    switch (call) {
        case Call::create_vm: return "KVM_CREATE_VM";
        case Call::create_irqchip: return "KVM_CREATE_IRQCHIP";
        case Call::set_memory: return "KVM_SET_USER_MEMORY_REGION";
        case Call::create_vcpu: return "KVM_CREATE_VCPU";
        case Call::map_vcpu: return "mapping the vCPU";
        case Call::set_cpuid: return "KVM_SET_CPUID2";
        case Call::set_registers: return "setting the vCPU's registers";
        case Call::set_msr: return "setting IA32_FEATURE_CONTROL";
        case Call::run: return "KVM_RUN";
    }
    return "KVM";
}

/// Intel's VM-entry failures carry bit 31 and a basic exit reason (SDM 27.8); without it the value is an instruction
/// error (SDM 31.4). AMD says all ones: VMEXIT_INVALID.
std::string_view entry_failure(std::uint64_t reason)
{
    constexpr std::uint64_t vmexit_invalid = 0xffffffff;
    if (reason == vmexit_invalid || reason == ~std::uint64_t{0}) {
        return "invalid guest state";
    }
    constexpr std::uint64_t invalid_guest_state = 0x80000021;
    constexpr std::uint64_t msr_loading = 0x80000022;
    constexpr std::uint64_t machine_check = 0x80000029;
    switch (reason) {
        case invalid_guest_state: return "invalid guest state";
        case msr_loading: return "loading an MSR failed";
        case machine_check: return "machine check";
        case 7: return "invalid control fields: the hypervisor below offers less than it claims";
        case 8: return "invalid host state";
        default: return "see the CPU's manual";
    }
}

std::string_view suberror(std::uint64_t code)
{
    switch (code) {
        case KVM_INTERNAL_ERROR_EMULATION: return "an instruction could not be emulated";
        case KVM_INTERNAL_ERROR_SIMUL_EX: return "two exceptions at once";
        case KVM_INTERNAL_ERROR_DELIVERY_EV: return "an event could not be delivered";
        case KVM_INTERNAL_ERROR_UNEXPECTED_EXIT_REASON: return "the CPU left the guest for an unknown reason";
        default: return "unknown";
    }
}

}  // namespace

std::string phrase(Stage stage)
{
    switch (stage) {
        case Stage::open: return "opening /dev/kvm";
        case Stage::api_version: return "asking KVM for its version";
        case Stage::create_vm: return "creating a virtual machine";
        case Stage::offer: return "asking KVM what it offers its guests";
        case Stage::create_vcpu: return "creating a vCPU";
        case Stage::run_real: return "running a 16 bit guest";
        case Stage::run_long: return "running a 64 bit guest";
        case Stage::watchdog: return "ending a guest that loops for ever";
        case Stage::speed: return "measuring a guest's speed";
        case Stage::msrs: return "writing MSRs back";
        case Stage::exits: return "measuring what it costs to leave a guest";
        case Stage::inner: return "running a guest's guest";
        case Stage::inner_paging: return "running a guest's guest by nested paging";
        case Stage::done: return "ending";
    }
    return "probing";
}

std::string explain(const GuestResult& result)
{
    switch (result.ended) {
        case Ended::not_run: return "it was not run";
        case Ended::passed: return "it ran as it should";
        case Ended::no_guest_code: return "no guest code for this architecture yet";
        case Ended::refused: return fmt::format("{} failed: {}", name(result.call), errno_text(result.errnum));
        case Ended::wrong_result: return fmt::format("the guest computed a wrong result ({:#x})", result.code);
        case Ended::fault: return fmt::format("the guest met exception {}, which it should not", result.code);
        case Ended::triple_fault: return "the guest shut down by a triple fault";
        case Ended::entry_failed:
            return fmt::format(
                "KVM could not enter the guest: hardware reason {:#x} ({})", result.code, entry_failure(result.code));
        case Ended::internal_error:
            return fmt::format("KVM internal error {} ({})", result.code, suberror(result.code));
        case Ended::other_exit: return fmt::format("the guest was left for an unexpected reason ({})", result.code);
        case Ended::never_ended:
            return result.microseconds < 1000
                       ? "the guest did not end in its time"
                       : fmt::format("the guest did not end and was stopped after {} ms", result.microseconds / 1000);
        case Ended::vmxon_failed: return "VMXON failed in the guest: it cannot become a hypervisor";
        case Ended::field_refused: return fmt::format("VMWRITE of field {:#x} failed in the guest", result.code);
        case Ended::vmx_failed:
            return fmt::format("the guest's guest was not entered: VM-instruction error {} ({})",
                               result.code,
                               entry_failure(result.code));
        case Ended::wrong_exit:
            return fmt::format("the guest's guest was left with reason {:#x} instead of by its call{}",
                               result.code,
                               result.code == ~std::uint64_t{0} ? " (invalid guest state)" : "");
    }
    return "unknown";
}

}  // namespace kvmkit::kvm
