// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

#include <optional>
#include <string_view>

namespace kvmkit {

/// /proc/meminfo, as far as it matters to guests.
struct MemoryFacts {
    Bytes total;
    std::optional<Bytes> available;  ///< Absent before Linux 3.14.
    Bytes huge_page_pool;            ///< Set aside for huge pages of every size: not to be had for anything else.
};

/// Absent for a text without MemTotal.
std::optional<MemoryFacts> parse_meminfo(std::string_view text);

/// One of the files below /proc/pressure: the share of time in which tasks stood still for want of a resource.
struct Pressure {
    double some_avg10 = 0;             ///< Percent of the last 10 seconds in which at least one task waited.
    std::optional<double> full_avg10;  ///< The same, but every task that had work. Absent for CPUs before Linux 5.13.
};

/// Absent for a text without a "some" line.
std::optional<Pressure> parse_pressure(std::string_view text);

}  // namespace kvmkit
