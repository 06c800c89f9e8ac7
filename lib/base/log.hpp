// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include <fmt/format.h>

namespace kvmkit {

/// Hands one line to the diagnostics logger (spdlog's default logger, set up by cli/). lib/ logs at this level only:
/// what a user must read goes back as a value.
void log_debug_line(std::string_view line);

/// Formats and logs; costs the formatting even when nobody listens, so not for inner loops.
template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args)
{
    log_debug_line(fmt::format(format, std::forward<Args>(args)...));
}

}  // namespace kvmkit
