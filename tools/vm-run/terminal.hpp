// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <termios.h>

#include <optional>

namespace kvmkit::vm_run {

/// Hands every key to the guest, Ctrl-C as well, while it lives. Does nothing where standard input is no terminal.
class RawTerminal {
public:
    RawTerminal();
    RawTerminal(const RawTerminal&) = delete;
    RawTerminal& operator=(const RawTerminal&) = delete;
    ~RawTerminal();

    /// The descriptor to read keys from, or -1.
    [[nodiscard]] int input() const noexcept;

private:
    std::optional<termios> before_;
};

}  // namespace kvmkit::vm_run
