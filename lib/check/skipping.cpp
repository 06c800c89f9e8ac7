// SPDX-License-Identifier: Apache-2.0
#include "check/skipping.hpp"

#include <fmt/format.h>

namespace kvmkit {

Verdict nothing_at(const HostFacts& host, std::string_view path)
{
    return skip(fmt::format("{}{}", host.resources.looked ? "there is no " : "not recorded: ", path));
}

}  // namespace kvmkit
