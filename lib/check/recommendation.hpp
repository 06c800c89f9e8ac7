// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/host_facts.hpp"

#include <string>
#include <string_view>

namespace kvmkit {

enum class Accel { kvm, tcg };

/// "kvm" or "tcg", as QEMU's -accel spells them.
std::string_view word(Accel accel) noexcept;

/// Which accelerator serves a guest better on this host.
struct Recommendation {
    Accel accel = Accel::tcg;
    std::string cpu;  ///< QEMU's -cpu that goes with it: "host", "host,-arch-capabilities", "max".
    std::string why;  ///< The measurement or the refusal that decided it; one clause, no full stop.
};

/// Decides by measurement where there is one: KVM that answers but emulates is slower than TCG.
Recommendation recommend(const HostFacts& host);

}  // namespace kvmkit
