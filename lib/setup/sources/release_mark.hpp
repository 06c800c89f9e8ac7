// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/distribution.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// How it is told that a mirror has a release.
struct ReleaseMark {
    std::string name;                ///< As it stands in messages: "bookworm", "9", "rolling".
    std::vector<std::string> files;  ///< Below the archive; one of them will do. Never empty.
};

/// `architecture` in the words of the distribution's packages.
ReleaseMark release_mark(const Distribution& distribution, std::string_view architecture);

}  // namespace kvmkit::setup
