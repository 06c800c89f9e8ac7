// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"

#include <string>

namespace kvmkit::setup {

/// A system that lies in a folder, such as a mounted disk image, and can be changed from within.
struct Image {
    UniqueFd folder;
    std::string name;       ///< As it was given.
    std::string lock_name;  ///< The same for every name of the folder.
};

/// What is done in an image.
enum class Visit { looks, changes };

/// Looks whether a folder holds such a system. ErrorCode::usage: it is this host's own "/"; not_found: there is none,
/// or no system in it; refused: a distribution that is not served or only planned for, programs of another
/// architecture, or for a change a container that runs in it.
Result<Image> open_image(const std::string& directory, Visit visit);

}  // namespace kvmkit::setup
