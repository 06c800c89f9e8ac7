// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/root.hpp"

#include <filesystem>
#include <optional>
#include <string>

namespace kvmkit::virt {

/// "qemu:///embed?root=DIR", and the way back: absent for any other URI.
std::string embedded_uri(const std::filesystem::path& driver_root);
std::optional<std::filesystem::path> driver_root_of(const std::string& uri);

/// Makes the folder of an embedded driver, with its settings.
Result<void> make_driver_root(const std::filesystem::path& path, const Root& root);

/// Removes a folder with everything in it.
Result<void> remove_tree(const std::filesystem::path& path);

}  // namespace kvmkit::virt
