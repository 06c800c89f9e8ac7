// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit {

/// What a system call said: its value, or the errno with which it refused. Plain data, so that it passes a pipe.
struct Answer {
    int value = 0;
    int errnum = 0;  ///< 0: it succeeded.

    [[nodiscard]] bool ok() const noexcept { return errnum == 0; }
    bool operator==(const Answer&) const = default;
};

/// "EACCES"; the number for one that has no name.
std::string errno_name(int errnum);

/// The number of "EACCES" on this machine (they differ between architectures); absent for a name nobody knows.
std::optional<int> errno_number(std::string_view name);

/// "Permission denied (EACCES)": for people.
std::string errno_text(int errnum);

}  // namespace kvmkit
