// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/libvirt/domain.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::virt {

/// How a program ended that the guest agent ran.
struct GuestExit {
    int status = 0;  ///< As a shell tells it: 128 and the signal's number where one ended it.
    std::string out;
    std::string err;
    bool cut = false;  ///< It printed more than the agent keeps.
};

/// A program in a guest, started by the guest agent as root, without standard input. The agent keeps what it prints, up
/// to 16 MB, until it has ended.
class GuestProgram {
public:
    /// `words`: the program, looked up in the agent's PATH, and its arguments. timeout: the agent does not
    /// answer; unsupported: it may not run programs; not_found: the guest has no such program.
    static Result<GuestProgram> start(const Domain& domain, const std::vector<std::string>& words);

    /// Absent while it runs. Nothing tells of its end: it must be asked for.
    [[nodiscard]] Result<std::optional<GuestExit>> ended() const;

private:
    GuestProgram(Domain domain, long long pid) : domain_(std::move(domain)), pid_(pid) {}
    Domain domain_;
    long long pid_;
};

/// The end of a program that the agent's answer to guest-exec-status tells; absent: it runs. Pure.
Result<std::optional<GuestExit>> parse_guest_exit(std::string_view answer);

}  // namespace kvmkit::virt
