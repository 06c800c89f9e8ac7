// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// The flat 64 bit world that guest code lives in: what modes.cpp gives a guest, and a guest its own guest.
namespace kvmkit::kvm::flat {

constexpr std::uint16_t code_selector = 8;
constexpr std::uint16_t data_selector = 16;
constexpr std::uint16_t task_selector = 24;

constexpr std::uint32_t task_limit = 0x67;
constexpr std::uint32_t segments_limit = 5 * 8 - 1;
constexpr std::uint32_t interrupts_limit = 32 * 16 - 1;

constexpr std::uint64_t rflags_fixed = 0x2;
constexpr std::uint64_t cr0_pe_mp_et_ne_wp_pg = 0x80010033;
constexpr std::uint64_t cr4_pae = 0x20;
constexpr std::uint64_t efer_lme_lma = 0x500;

}  // namespace kvmkit::kvm::flat
