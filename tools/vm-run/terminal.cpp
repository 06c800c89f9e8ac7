// SPDX-License-Identifier: Apache-2.0
#include "terminal.hpp"

#include <unistd.h>

namespace kvmkit::vm_run {

RawTerminal::RawTerminal()
{
    termios settings{};
    // A background job that changed the terminal would be stopped.
    if (::tcgetattr(STDIN_FILENO, &settings) != 0 || ::tcgetpgrp(STDIN_FILENO) != ::getpgrp()) {
        return;
    }
    before_ = settings;
    ::cfmakeraw(&settings);
    settings.c_oflag |= OPOST;  // our own lines still end at the left margin
    (void)::tcsetattr(STDIN_FILENO, TCSANOW, &settings);
}

RawTerminal::~RawTerminal()
{
    if (before_) {
        (void)::tcsetattr(STDIN_FILENO, TCSANOW, &*before_);
    }
}

int RawTerminal::input() const noexcept
{
    return before_ ? STDIN_FILENO : -1;
}

}  // namespace kvmkit::vm_run
