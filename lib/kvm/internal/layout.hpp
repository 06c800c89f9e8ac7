// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

/// The physical memory of a probe's guest: 2 MiB, mapped one to one.
namespace kvmkit::kvm::layout {

constexpr std::size_t memory_size = std::size_t{2} << 20U;

constexpr std::uint64_t code = 0x1000;
constexpr std::uint64_t page_map = 0x2000;        // PML4
constexpr std::uint64_t page_pointers = 0x3000;   // PDPT
constexpr std::uint64_t page_directory = 0x4000;  // one entry: a page of 2 MiB
constexpr std::uint64_t inner_code = 0x5000;      // what a guest's own guest runs
constexpr std::uint64_t inner_control = 0x6000;   // its VMCB or VMCS
constexpr std::uint64_t outer_region = 0x7000;    // the host save area, or the VMXON region
constexpr std::uint64_t inner_table = 0x8000;     // what to write into the VMCS
constexpr std::uint64_t result = 0x9000;
constexpr std::uint64_t interrupts = 0xa000;  // IDT
constexpr std::uint64_t faults = 0xb000;      // where the IDT leads
constexpr std::uint64_t segments = 0xc000;    // GDT
constexpr std::uint64_t task_state = 0xd000;
constexpr std::uint64_t stack_top = 0x10ff0;
constexpr std::uint64_t fault_stack_top = 0x12ff0;
constexpr std::uint64_t inner_stack_top = 0x14ff0;

// What guest/nested.S reports at `result`.
constexpr std::uint64_t report_reason = result;
constexpr std::uint64_t report_detail = result + 8;
constexpr std::uint64_t report_mark = result + 16;
constexpr std::uint64_t report_region = result + 24;
constexpr std::uint64_t report_vmcs = result + 32;

constexpr unsigned word_port = 0xe9;
constexpr unsigned fault_port = 0xea;
constexpr unsigned exceptions = 32;
constexpr std::uint64_t fault_stub_size = 8;

}  // namespace kvmkit::kvm::layout
