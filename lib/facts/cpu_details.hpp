// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/cpu.hpp"

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace kvmkit {

/// What /proc/cpuinfo says beyond the first CPU's flags. x86 only: elsewhere all is empty.
struct CpuDetails {
    std::size_t cpus = 0;
    std::size_t odd = 0;                        ///< CPUs whose flags are not those of the first.
    std::set<std::string, std::less<>> uneven;  ///< The flags that some have and others lack.
    std::set<std::string, std::less<>> vmx;     ///< "vmx flags" of the first; since Linux 5.9.
    std::optional<unsigned> physical_bits;
    std::optional<unsigned> virtual_bits;
};

CpuDetails parse_cpu_details(std::string_view cpuinfo);

}  // namespace kvmkit
