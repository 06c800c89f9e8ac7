// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/flat.hpp"
#include "kvm/internal/layout.hpp"
#include "kvm/internal/modes.hpp"
#include "kvm/internal/msrs.hpp"
#include "kvm/internal/nested.hpp"

#include <array>
#include <cerrno>
#include <span>

namespace kvmkit::kvm {

#if defined(__x86_64__)
namespace {

// MSRs: Intel SDM 4, IA32_VMX_*; what their bits mean: SDM 3, appendix A.
constexpr std::uint32_t feature_control = 0x3a;
constexpr std::uint64_t locked_vmx_allowed = 0x5;
constexpr std::uint32_t vmx_basic = 0x480;
constexpr std::uint64_t revision_mask = 0x7fffffff;
constexpr unsigned true_controls_bit = 55;

struct Field {
    std::uint64_t encoding;
    std::uint64_t value;
};

constexpr std::uint64_t table_end = ~std::uint64_t{0};

constexpr std::uint64_t data_rights = 0xc093;
constexpr std::uint64_t code_rights = 0xa09b;
constexpr std::uint64_t task_rights = 0x8b;
constexpr std::uint64_t unusable = 0x10000;

/// The fields that do not depend on the CPU: encodings from SDM 3, appendix B.
constexpr std::array fixed_fields{
    Field{0x4004, 0xffffffff},  // exception bitmap: a fault of the inner guest is an exit
    Field{0x4006, 0},           // page-fault error-code mask and match
    Field{0x4008, 0},
    Field{0x400a, 0},  // no CR3 targets
    Field{0x400e, 0},  // nothing to load or to store
    Field{0x4010, 0},
    Field{0x4014, 0},
    Field{0x4016, 0},  // no event to inject
    Field{0x6000, 0},  // the inner guest owns CR0 and CR4
    Field{0x6002, 0},
    Field{0x2800, ~std::uint64_t{0}},    // no linked VMCS
    Field{0x6802, layout::page_map},     // guest CR3
    Field{0x0800, flat::data_selector},  // guest selectors: ES, CS, SS, DS, FS, GS, LDTR, TR
    Field{0x0802, flat::code_selector},
    Field{0x0804, flat::data_selector},
    Field{0x0806, flat::data_selector},
    Field{0x0808, flat::data_selector},
    Field{0x080a, flat::data_selector},
    Field{0x080c, 0},
    Field{0x080e, flat::task_selector},
    Field{0x4800, 0xffffffff},  // guest limits in the same order, then GDTR and IDTR
    Field{0x4802, 0xffffffff},
    Field{0x4804, 0xffffffff},
    Field{0x4806, 0xffffffff},
    Field{0x4808, 0xffffffff},
    Field{0x480a, 0xffffffff},
    Field{0x480c, 0},
    Field{0x480e, flat::task_limit},
    Field{0x4810, flat::segments_limit},
    Field{0x4812, flat::interrupts_limit},
    Field{0x4814, data_rights},  // guest access rights in the same order
    Field{0x4816, code_rights},
    Field{0x4818, data_rights},
    Field{0x481a, data_rights},
    Field{0x481c, data_rights},
    Field{0x481e, data_rights},
    Field{0x4820, unusable},
    Field{0x4822, task_rights},
    Field{0x4824, 0},  // interruptibility, activity
    Field{0x4826, 0},
    Field{0x482a, 0},  // SYSENTER_CS
    Field{0x6806, 0},  // guest bases in the same order, then GDTR and IDTR
    Field{0x6808, 0},
    Field{0x680a, 0},
    Field{0x680c, 0},
    Field{0x680e, 0},
    Field{0x6810, 0},
    Field{0x6812, 0},
    Field{0x6814, layout::task_state},
    Field{0x6816, layout::segments},
    Field{0x6818, layout::interrupts},
    Field{0x681a, 0x400},  // DR7 after reset
    Field{0x681c, layout::inner_stack_top},
    Field{0x681e, layout::inner_code},
    Field{0x6820, flat::rflags_fixed},
    Field{0x6822, 0},  // pending debug exceptions, SYSENTER_ESP and _EIP
    Field{0x6824, 0},
    Field{0x6826, 0},
    Field{0x2802, 0},                    // DEBUGCTL
    Field{0x0c00, flat::data_selector},  // host selectors: ES, CS, SS, DS, FS, GS, TR
    Field{0x0c02, flat::code_selector},
    Field{0x0c04, flat::data_selector},
    Field{0x0c06, flat::data_selector},
    Field{0x0c08, flat::data_selector},
    Field{0x0c0a, flat::data_selector},
    Field{0x0c0c, flat::task_selector},
    Field{0x4c00, 0},                 // host SYSENTER_CS
    Field{0x6c02, layout::page_map},  // host CR3
    Field{0x6c06, 0},                 // host bases: FS, GS, TR, GDTR, IDTR
    Field{0x6c08, 0},
    Field{0x6c0a, layout::task_state},
    Field{0x6c0c, layout::segments},
    Field{0x6c0e, layout::interrupts},
    Field{0x6c10, 0},  // host SYSENTER_ESP and _EIP
    Field{0x6c12, 0},
};

/// An execution control: the field, the MSR that says what is allowed and its newer twin, and the bits that we want.
struct Control {
    std::uint64_t encoding;
    std::uint32_t msr;
    std::uint32_t true_msr;
    std::uint32_t wanted;
};
constexpr std::array controls{
    Control{0x4000, 0x481, 0x48d, 0},         // pin-based
    Control{0x4002, 0x482, 0x48e, 1U << 7U},  // processor-based: HLT leaves
    Control{0x400c, 0x483, 0x48f, 1U << 9U},  // exit: to a 64 bit host
    Control{0x4012, 0x484, 0x490, 1U << 9U},  // entry: into a 64 bit guest
};

std::uint64_t msr_or(int device, std::uint32_t index, std::uint64_t otherwise)
{
    return feature_msr(device, index).value_or(otherwise);
}

/// Low half: bits that must be set; high half: bits that may be.
std::uint64_t allowed(std::uint64_t msr, std::uint32_t wanted)
{
    return (wanted | (msr & 0xffffffff)) & msr >> 32U;
}

/// Appends pairs to the table that the guest works through.
class Table {
public:
    explicit Table(Machine& machine) : machine_(machine) {}

    void add(std::uint64_t encoding, std::uint64_t value)
    {
        machine_.store(next_, encoding);
        machine_.store(next_ + 8, value);
        next_ += 16;
    }

    void end() { machine_.store(next_, table_end); }

private:
    Machine& machine_;
    std::uint64_t next_ = layout::inner_table;
};

void write_table(Machine& machine, int device, std::uint64_t basic)
{
    const bool has_true_controls = (basic >> true_controls_bit & 1U) != 0;
    const std::uint64_t cr0 = (flat::cr0_pe_mp_et_ne_wp_pg | msr_or(device, 0x486, 0)) & msr_or(device, 0x487, ~0ULL);
    const std::uint64_t cr4 = (flat::cr4_pae | msr_or(device, 0x488, 0)) & msr_or(device, 0x489, ~0ULL);
    Table table{machine};
    for (const Control& control : controls) {
        const auto msr = msr_or(device, has_true_controls ? control.true_msr : control.msr, ~0ULL << 32U);
        table.add(control.encoding, allowed(msr, control.wanted));
    }
    table.add(0x6800, cr0);  // the guest's, then the host's
    table.add(0x6804, cr4);
    table.add(0x6c00, cr0);
    table.add(0x6c04, cr4);
    for (const Field& field : fixed_fields) {
        table.add(field.encoding, field.value);
    }
    table.end();
}

}  // namespace

Attempt<void> prepare_vmx(Machine& machine, int device)
{
    if (!write_msr(machine.vcpu(), feature_control, locked_vmx_allowed)) {
        return tl::unexpected<Refusal>{{Call::set_msr, EINVAL}};
    }
    const std::uint64_t basic = msr_or(device, vmx_basic, 0);
    machine.load(layout::code, vmx_code());
    machine.load(layout::inner_code, vmx_inner_code());
    machine.store(layout::inner_control, basic & revision_mask);
    machine.store(layout::outer_region, basic & revision_mask);
    machine.store(layout::report_region, layout::outer_region);
    machine.store(layout::report_vmcs, layout::inner_control);
    write_table(machine, device, basic);
    return enter_long_mode(machine, Ring::kernel, {.rdi = layout::result, .rsi = layout::inner_table});
}
#else
Attempt<void> prepare_vmx(Machine& machine, int /*device*/)
{
    return enter_long_mode(machine, Ring::kernel, {});
}
#endif

}  // namespace kvmkit::kvm
