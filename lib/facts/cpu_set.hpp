// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// Some of the host's CPUs, by number.
class CpuSet {
public:
    CpuSet() = default;

    /// Reads the kernel's list format, "0-3,8"; an empty text is the empty set. Absent for anything else, and for CPU
    /// numbers above all that Linux can have.
    static std::optional<CpuSet> parse(std::string_view text);

    [[nodiscard]] const std::vector<unsigned>& cpus() const noexcept { return cpus_; }  ///< Ascending.
    [[nodiscard]] std::size_t size() const noexcept { return cpus_.size(); }
    [[nodiscard]] bool empty() const noexcept { return cpus_.empty(); }

    /// Those in both sets; those in either.
    [[nodiscard]] CpuSet common_with(const CpuSet& other) const;
    [[nodiscard]] CpuSet joined_with(const CpuSet& other) const;

    /// The kernel's list format.
    [[nodiscard]] std::string text() const;

    bool operator==(const CpuSet&) const = default;

private:
    std::vector<unsigned> cpus_;
};

/// The CPUs that the text of /proc/stat has a line for: those that are online. Absent if it has none.
std::optional<CpuSet> cpus_in_proc_stat(std::string_view text);

}  // namespace kvmkit
