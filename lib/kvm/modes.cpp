// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/modes.hpp"

#include "kvm/internal/flat.hpp"
#include "kvm/internal/layout.hpp"

#include <sys/ioctl.h>

#include <cerrno>

namespace kvmkit::kvm {

#if defined(__x86_64__)
namespace {

constexpr std::uint64_t rflags_iopl_user = 0x3000;  // lets user code speak by OUT

constexpr std::uint64_t page_present_writable_user = 0x7;
constexpr std::uint64_t page_large = 0x80;

constexpr std::uint8_t type_code = 11;
constexpr std::uint8_t type_data = 3;
constexpr std::uint8_t type_task = 11;  // 64 bit, busy

Attempt<void> refused()
{
    return tl::unexpected<Refusal>{{Call::set_registers, errno}};
}

std::uint8_t level(Ring ring)
{
    return static_cast<std::uint8_t>(ring);
}

struct kvm_segment code_segment(Ring ring)
{
    struct kvm_segment segment {};
    segment.limit = ~0U;
    segment.selector = static_cast<std::uint16_t>(flat::code_selector | level(ring));
    segment.type = type_code;
    segment.present = 1;
    segment.s = 1;
    segment.l = 1;
    segment.g = 1;
    segment.dpl = level(ring);
    return segment;
}

struct kvm_segment data_segment(Ring ring)
{
    struct kvm_segment segment = code_segment(ring);
    segment.selector = static_cast<std::uint16_t>(flat::data_selector | level(ring));
    segment.type = type_data;
    segment.l = 0;
    segment.db = 1;
    return segment;
}

struct kvm_segment task_segment()
{
    struct kvm_segment segment {};
    segment.base = layout::task_state;
    segment.limit = flat::task_limit;
    segment.selector = flat::task_selector;
    segment.type = type_task;
    segment.present = 1;
    return segment;
}

void write_page_tables(Machine& machine)
{
    machine.store(layout::page_map, layout::page_pointers | page_present_writable_user);
    machine.store(layout::page_pointers, layout::page_directory | page_present_writable_user);
    machine.store(layout::page_directory, page_large | page_present_writable_user);
}

/// The segments once more where the CPU reads them: on the way into an exception and back.
void write_segments(Machine& machine)
{
    constexpr std::uint64_t kernel_code = 0x00af9b000000ffff;
    constexpr std::uint64_t flat_data = 0x00cf93000000ffff;
    constexpr std::uint64_t task = 0x00008b0000000067 | (layout::task_state << 16U);
    machine.store(layout::segments + flat::code_selector, kernel_code);
    machine.store(layout::segments + flat::data_selector, flat_data);
    machine.store(layout::segments + flat::task_selector, task);
    constexpr std::uint64_t rsp0_offset = 4;
    machine.store(layout::task_state + rsp0_offset, layout::fault_stack_top);
}

void write_interrupts(Machine& machine)
{
    constexpr std::uint64_t gate_size = 16;
    constexpr std::uint64_t interrupt_gate = std::uint64_t{0x8e} << 40U;
    machine.load(layout::faults, fault_code());
    for (std::uint64_t vector = 0; vector < layout::exceptions; ++vector) {
        const std::uint64_t stub = layout::faults + vector * layout::fault_stub_size;
        const std::uint64_t gate = (stub & 0xffffU) | (std::uint64_t{flat::code_selector} << 16U) | interrupt_gate;
        machine.store(layout::interrupts + vector * gate_size, gate);
        machine.store(layout::interrupts + vector * gate_size + 8, 0);
    }
}

void point_to_tables(struct kvm_sregs& sregs)
{
    sregs.cr0 = flat::cr0_pe_mp_et_ne_wp_pg;
    sregs.cr3 = layout::page_map;
    sregs.cr4 = flat::cr4_pae;
    sregs.efer = flat::efer_lme_lma;
    sregs.idt.base = layout::interrupts;
    sregs.idt.limit = flat::interrupts_limit;
    sregs.gdt.base = layout::segments;
    sregs.gdt.limit = flat::segments_limit;
    sregs.tr = task_segment();
}

Attempt<void> set_registers(const Machine& machine, Ring ring, const Start& start)
{
    struct kvm_regs regs {};
    regs.rip = layout::code;
    regs.rsp = layout::stack_top;
    regs.rflags = flat::rflags_fixed | (ring == Ring::user ? rflags_iopl_user : 0);
    regs.rcx = start.rcx;
    regs.rdi = start.rdi;
    regs.rsi = start.rsi;
    if (::ioctl(machine.vcpu(), KVM_SET_REGS, &regs) != 0) {
        return refused();
    }
    return {};
}

}  // namespace

Attempt<void> enter_real_mode(const Machine& machine)
{
    struct kvm_sregs sregs {};
    if (::ioctl(machine.vcpu(), KVM_GET_SREGS, &sregs) != 0) {
        return refused();
    }
    sregs.cs.selector = 0;
    sregs.cs.base = 0;
    if (::ioctl(machine.vcpu(), KVM_SET_SREGS, &sregs) != 0) {
        return refused();
    }
    return set_registers(machine, Ring::kernel, {});
}

Attempt<void> enter_long_mode(Machine& machine, Ring ring, const Start& start)
{
    write_page_tables(machine);
    write_segments(machine);
    write_interrupts(machine);
    struct kvm_sregs sregs {};
    if (::ioctl(machine.vcpu(), KVM_GET_SREGS, &sregs) != 0) {
        return refused();
    }
    point_to_tables(sregs);
    sregs.cs = code_segment(ring);
    const struct kvm_segment data = data_segment(ring);
    sregs.ds = data;
    sregs.es = data;
    sregs.fs = data;
    sregs.gs = data;
    sregs.ss = data;
    if (::ioctl(machine.vcpu(), KVM_SET_SREGS, &sregs) != 0) {
        return refused();
    }
    return set_registers(machine, ring, start);
}

#else

Attempt<void> enter_real_mode(const Machine& /*machine*/)
{
    return tl::unexpected<Refusal>{{Call::set_registers, ENOSYS}};
}

Attempt<void> enter_long_mode(Machine& /*machine*/, Ring /*ring*/, const Start& /*start*/)
{
    return tl::unexpected<Refusal>{{Call::set_registers, ENOSYS}};
}

#endif

}  // namespace kvmkit::kvm
