// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"

#include <spdlog/spdlog.h>

namespace kvmkit {

void log_debug_line(std::string_view line)
{
    spdlog::debug(line);
}

}  // namespace kvmkit
