// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace kvmkit {

/// The part of a guest's CPU that needs a model-specific register, and how it is left out.
struct MsrFeature {
    std::uint32_t first = 0;  ///< The first and the last register of it.
    std::uint32_t last = 0;
    std::string_view what;      ///< For people: "the performance counters".
    std::string_view switches;  ///< For QEMU, behind "-cpu host,": "-pdcm", "pmu=off".
    std::string_view xml;       ///< For libvirt: an element of <cpu> or <features>; empty: libvirt has none.
};

/// The feature that a register belongs to, as QEMU names it; absent: not known.
std::optional<MsrFeature> msr_feature(std::uint32_t msr);

/// "0x48f" or "1167" as the number it is; absent: it is none.
std::optional<std::uint32_t> parse_msr(std::string_view text);

}  // namespace kvmkit
