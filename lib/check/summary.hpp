// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/check.hpp"

#include <span>
#include <string_view>

namespace kvmkit {

/// The answer in one word.
enum class Readiness { ready, degraded, unusable, unknown };

std::string_view word(Readiness readiness) noexcept;

/// The state of KVM in one stable word, finer than the answer.
enum class KvmState {
    native,      ///< Guests were run and measured: the CPU runs them.
    emulated,    ///< Guests run, but KVM emulates them.
    partial,     ///< 64 bit guests run, 16 bit ones do not.
    unmeasured,  ///< It creates machines, but no guest was run.
    broken,      ///< It opens, but refuses to answer, to create machines or to run guests.
    busy,        ///< Another hypervisor holds the CPU.
    forbidden,   ///< It is there, but this user may not open it.
    absent,      ///< There is no KVM here.
    unknown,
};

std::string_view word(KvmState state) noexcept;

/// Whether guests can run guests of their own.
enum class NestedState {
    proved,       ///< A guest's guest was run.
    offered,      ///< KVM says so; nobody tried.
    broken,       ///< KVM says so, and a guest's guest does not run.
    unavailable,  ///< KVM does not offer it, or there is no KVM.
    unknown,
};

std::string_view word(NestedState state) noexcept;

struct Summary {
    Readiness verdict = Readiness::unknown;
    KvmState kvm = KvmState::unknown;
    NestedState nested = NestedState::unknown;
};

/// An essential failure makes the host unusable, a required one degraded; a judgement that could not be made leaves it
/// unknown; warnings do no harm.
Readiness readiness(std::span<const Finding> findings);

/// The verdict and the state of KVM, from the findings of the whole catalogue.
Summary summarise(const HostFacts& host, std::span<const Finding> findings);

}  // namespace kvmkit
