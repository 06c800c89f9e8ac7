// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace kvmkit::setup {

/// The login that a process belongs to: the nearest process above it that lets people in (sshd, login, a terminal's
/// program), or else the topmost one below init.
struct LoginMark {
    pid_t pid = 0;
    std::uint64_t start_time = 0;  ///< Clock ticks after boot.
    unsigned audit_session = no_session;
    std::uint64_t noted = 0;  ///< When this was found out, in the same ticks.

    static constexpr unsigned no_session = 4294967295U;

    /// The audit session where the kernel has one: su and sudo do not change it.
    [[nodiscard]] bool same_login(const LoginMark& other) const;

    /// Whether this login was there already when the other one was noted.
    [[nodiscard]] bool began_before(const LoginMark& other) const { return start_time < other.noted; }
};

/// Of the calling process.
LoginMark this_login();

std::string encode(const LoginMark& mark);
LoginMark decode_login_mark(std::string_view text);

}  // namespace kvmkit::setup
