// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/distribution.hpp"
#include "setup/sources/mirror.hpp"
#include "system/root.hpp"

#include <string>
#include <vector>

namespace kvmkit::setup {

/// The distribution's archives that a host takes its packages from now, each once: folders with a '/' at the end. None
/// where its vendor's lists of mirrors choose at each run. Needs no privilege. ErrorCode::usage: a file of sources or
/// repositories that cannot be read.
Result<std::vector<std::string>> archives_in_use(const Root& root,
                                                 const Distribution& distribution,
                                                 const MirrorCatalogue& catalogue);

}  // namespace kvmkit::setup
