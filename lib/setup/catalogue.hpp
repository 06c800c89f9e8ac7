// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/distribution.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// One package that a KVM host needs, and what for.
struct Need {
    std::string capability;                      ///< "qemu": stable, stands in records.
    std::string title;                           ///< "QEMU system emulator"
    std::string package;                         ///< A real package of this release, never a virtual name.
    std::vector<std::string> alternatives = {};  ///< Any of these serves as well.
};

/// The packages of a KVM host on this release and architecture (Debian's word: "amd64"), in order of capability.
/// ErrorCode::refused on an architecture that has no row.
Result<std::vector<Need>> needs_of(const Distribution& distribution, std::string_view architecture);

/// What brings modprobe, where a module must be loaded and there is none.
Need module_loader_need();

}  // namespace kvmkit::setup
