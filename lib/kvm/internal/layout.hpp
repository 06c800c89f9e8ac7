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
constexpr std::uint64_t result = 0x9000;
constexpr std::uint64_t interrupts = 0xa000;  // IDT
constexpr std::uint64_t faults = 0xb000;      // where the IDT leads
constexpr std::uint64_t segments = 0xc000;    // GDT
constexpr std::uint64_t task_state = 0xd000;
constexpr std::uint64_t stack_top = 0x10ff0;
constexpr std::uint64_t fault_stack_top = 0x12ff0;

constexpr unsigned word_port = 0xe9;
constexpr unsigned fault_port = 0xea;
constexpr unsigned exceptions = 32;
constexpr std::uint64_t fault_stub_size = 8;

}  // namespace kvmkit::kvm::layout
