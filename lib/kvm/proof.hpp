// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/answer.hpp"

#include <array>
#include <cstdint>
#include <string>

/// What running guests through /dev/kvm showed. Plain data without pointers: it comes out of a child by a pipe.
namespace kvmkit::kvm {

/// How far the probe came. Everything before `reached` has its result.
enum class Stage : std::int32_t {
    open,
    api_version,
    create_vm,
    offer,
    create_vcpu,
    run_real,
    run_long,
    watchdog,
    speed,
    msrs,
    exits,
    inner,         ///< Nested: L2 on the page tables of L1.
    inner_paging,  ///< Nested: L2 by nested paging (AMD).
    done,
};

/// "running a 64 bit guest"
std::string phrase(Stage stage);

/// The KVM call that was made last, for the one that refused.
enum class Call : std::int32_t {
    create_vm,
    create_irqchip,
    set_memory,
    create_vcpu,
    map_vcpu,
    set_cpuid,
    set_registers,
    set_msr,
    run
};

/// How a run of guest code ended.
enum class Ended : std::int32_t {
    not_run,
    passed,
    no_guest_code,   ///< None written for this architecture yet.
    refused,         ///< `call` failed with `errnum`.
    wrong_result,    ///< It ended well, but did not say or store what it should. `code`: what it said.
    fault,           ///< An exception that should not have happened. `code`: its number.
    triple_fault,    ///< KVM_EXIT_SHUTDOWN
    entry_failed,    ///< KVM_EXIT_FAIL_ENTRY. `code`: the hardware's reason.
    internal_error,  ///< KVM_EXIT_INTERNAL_ERROR. `code`: KVM's suberror.
    other_exit,      ///< `code`: KVM's exit reason.
    never_ended,     ///< The watchdog stopped it.
    vmxon_failed,    ///< Nested: the guest could not become a hypervisor.
    field_refused,   ///< Nested: VMWRITE failed. `code`: the field's encoding.
    vmx_failed,      ///< Nested: VMCLEAR, VMPTRLD or VMLAUNCH failed. `code`: the VM-instruction error.
    wrong_exit,      ///< Nested: the inner guest was left for another reason than its call. `code`: the reason.
};

/// One run of guest code.
struct GuestResult {
    Ended ended = Ended::not_run;
    Call call = Call::create_vm;
    std::int32_t errnum = 0;
    std::uint64_t code = 0;
    std::int64_t microseconds = 0;  ///< From the creation of the machine to its last exit.
};

/// How the run ended, for people: "KVM refused to enter the guest: hardware reason 0x80000021 (invalid guest state)".
std::string explain(const GuestResult& result);

/// A loop that was run for a while. CPU time, so that a busy machine does not count as a slow one.
struct LoopTime {
    std::uint64_t turns = 0;
    std::int64_t nanoseconds = 0;

    [[nodiscard]] double per_turn() const noexcept
    {
        return turns == 0 ? 0 : static_cast<double>(nanoseconds) / static_cast<double>(turns);
    }
};

/// What KVM says it offers its guests for guests of their own.
struct Offer {
    std::int32_t errnum = 0;  ///< Of KVM_GET_SUPPORTED_CPUID; 0: it told.
    bool vmx = false;
    bool svm = false;
    bool nested_paging = false;   ///< SVM only: CPUID 0x8000000A EDX bit 0.
    std::int32_t state_size = 0;  ///< KVM_CAP_NESTED_STATE: bytes; 0: none can be saved.
};

/// What KVM says of itself.
struct Capabilities {
    std::int32_t asked = 0;  ///< 0: nobody did.
    std::int32_t recommended_vcpus = 0;
    std::int32_t max_vcpus = 0;
    std::uint32_t missing = 0;  ///< Bits; missing_capabilities() names them.
    bool binary_stats = false;  ///< KVM_CAP_BINARY_STATS_FD
};

struct Msr {
    std::uint32_t index = 0;
    std::uint64_t value = 0;
};

/// MSRs that KVM told the value of and that were written to a vCPU.
struct MsrWriteback {
    std::int32_t errnum = 0;  ///< 0: it was done.
    std::uint32_t checked = 0;
    std::uint32_t refused = 0;
    std::array<Msr, 32> first{};  ///< The first of those that KVM refused.
};

/// All that was seen. A member whose stage was not reached is as it was made.
struct Proof {
    Stage reached = Stage::open;
    Answer open;
    Answer api_version;
    Answer create_vm;
    Offer offer;
    Capabilities capabilities;
    Answer create_vcpu;
    GuestResult real;
    GuestResult long_mode;
    GuestResult watchdog;  ///< How a guest without an end ended: never_ended is as it should be.
    GuestResult speed;     ///< How the loop in the guest's kernel ended.
    LoopTime host_loop;
    LoopTime kernel_loop;
    LoopTime user_loop;  ///< No turns: it could not be run.
    MsrWriteback msrs;
    GuestResult exits;     ///< How the guest ended that was left again and again.
    LoopTime kernel_exit;  ///< One turn: out of the guest into the kernel, and back.
    LoopTime user_exit;    ///< One turn: on to this program, and back. No turns: not measured.
    GuestResult inner;     ///< A guest's guest; only where it was asked for.
    GuestResult inner_paging;
};

}  // namespace kvmkit::kvm
