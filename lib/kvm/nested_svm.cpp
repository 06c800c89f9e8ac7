// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/flat.hpp"
#include "kvm/internal/layout.hpp"
#include "kvm/internal/modes.hpp"
#include "kvm/internal/nested.hpp"

#include <array>

namespace kvmkit::kvm {

#if defined(__x86_64__)
namespace {

// Offsets in the VMCB: AMD64 Architecture Programmer's Manual 2, appendix B.
constexpr std::uint64_t intercept_exceptions = 0x08;  // 32 bit; the next 32 are instructions, vector 3
constexpr std::uint64_t intercept_instructions = 0x10;
constexpr std::uint64_t guest_asid = 0x58;
constexpr std::uint64_t nested_enable = 0x90;
constexpr std::uint64_t nested_cr3 = 0xb0;
constexpr std::uint64_t save_area = 0x400;

struct Value {
    std::uint64_t offset;
    std::uint64_t value;
};

/// All exceptions, so that a fault of the inner guest is an exit; HLT and SHUTDOWN; VMRUN, which is mandatory, and
/// VMMCALL.
constexpr std::array control{
    Value{intercept_exceptions, 0xffffffff | std::uint64_t{1U << 24U | 1U << 31U} << 32U},
    Value{intercept_instructions, 0x3},
    Value{guest_asid, 1},  // zero is not allowed
};

/// A segment in the save area: selector and attributes (16 bit each), limit (32 bit), base.
struct Segment {
    std::uint64_t offset;
    std::uint16_t selector;
    std::uint16_t attributes;
    std::uint32_t limit;
    std::uint64_t base;
};

constexpr std::uint16_t data_attributes = 0xc93;
constexpr std::uint16_t code_attributes = 0xa9b;
constexpr std::uint16_t task_attributes = 0x08b;

constexpr std::array segments{
    Segment{0x00, flat::data_selector, data_attributes, ~0U, 0},  // ES
    Segment{0x10, flat::code_selector, code_attributes, ~0U, 0},
    Segment{0x20, flat::data_selector, data_attributes, ~0U, 0},  // SS
    Segment{0x30, flat::data_selector, data_attributes, ~0U, 0},  // DS
    Segment{0x40, flat::data_selector, data_attributes, ~0U, 0},  // FS
    Segment{0x50, flat::data_selector, data_attributes, ~0U, 0},  // GS
    Segment{0x60, 0, 0, flat::segments_limit, layout::segments},
    Segment{0x80, 0, 0, flat::interrupts_limit, layout::interrupts},
    Segment{0x90, flat::task_selector, task_attributes, flat::task_limit, layout::task_state},
};

constexpr std::uint64_t efer_svme = 0x1000;  // mandatory in the inner guest, too

constexpr std::array registers{
    Value{0xd0, flat::efer_lme_lma | efer_svme},
    Value{0x148, flat::cr4_pae},
    Value{0x150, layout::page_map},  // CR3
    Value{0x158, flat::cr0_pe_mp_et_ne_wp_pg},
    Value{0x160, 0x400},       // DR7 after reset
    Value{0x168, 0xffff0ff0},  // DR6 after reset
    Value{0x170, flat::rflags_fixed},
    Value{0x178, layout::inner_code},       // RIP
    Value{0x1d8, layout::inner_stack_top},  // RSP
    Value{0x268, 0x0007040600070406},       // PAT after reset
};

void write_save_area(Machine& machine)
{
    const std::uint64_t area = layout::inner_control + save_area;
    for (const Segment& segment : segments) {
        const std::uint64_t head = std::uint64_t{segment.selector} | std::uint64_t{segment.attributes} << 16U |
                                   std::uint64_t{segment.limit} << 32U;
        machine.store(area + segment.offset, head);
        machine.store(area + segment.offset + 8, segment.base);
    }
    for (const Value& value : registers) {
        machine.store(area + value.offset, value.value);
    }
}

}  // namespace

Attempt<void> prepare_svm(Machine& machine, Paging paging)
{
    machine.load(layout::code, svm_code());
    machine.load(layout::inner_code, svm_inner_code());
    machine.store(layout::report_region, layout::outer_region);
    for (const Value& value : control) {
        machine.store(layout::inner_control + value.offset, value.value);
    }
    if (paging == Paging::nested) {  // the same tables map the inner guest's memory one to one: their user bit is set
        machine.store(layout::inner_control + nested_enable, 1);
        machine.store(layout::inner_control + nested_cr3, layout::page_map);
    }
    write_save_area(machine);
    return enter_long_mode(machine, Ring::kernel, {.rdi = layout::result, .rsi = layout::inner_control});
}
#else
Attempt<void> prepare_svm(Machine& machine, Paging /*paging*/)
{
    return enter_long_mode(machine, Ring::kernel, {});
}
#endif

}  // namespace kvmkit::kvm
