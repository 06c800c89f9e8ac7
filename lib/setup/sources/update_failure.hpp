// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// Why a source could not be read.
struct UpdateFailure {
    std::string cause;     ///< "does not have this release"
    std::string hint;      ///< What can be done; empty if nothing but another mirror.
    std::string line;      ///< apt's own words.
    bool missing = false;  ///< A suite is not there at all.
};

/// Understands what `apt-get update` printed with LC_ALL=C, whatever its exit code was: absent if nothing is wrong. The
/// deepest cause counts: a server that cannot be found and the index that then fails are one failure.
std::optional<UpdateFailure> read_update_failure(std::string_view text);

}  // namespace kvmkit::setup
