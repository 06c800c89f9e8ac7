// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "net/model/names.hpp"

#include <optional>
#include <string>

namespace kvmkit::net {

/// The name of the link, in the network namespace of this thread, that goes by this one as a whole, be it another of
/// its names (altname). Absent: none does. No module is loaded for it, as if_nametoindex() has the kernel do.
Result<std::optional<LinkName>> name_of_link(const std::string& text);

}  // namespace kvmkit::net
