// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/step.hpp"
#include "system/root.hpp"

#include <filesystem>

namespace kvmkit::setup {

/// The step that takes `file` back: the bytes, mode, owner and time that are there now.
Result<SetFile> inverse_of(const Root& root, const SetFile& file);

/// Makes it so below `top`, in one step. A file that is already so is not written.
Result<void> put_file(const std::filesystem::path& top, const SetFile& file);

/// The same bytes in a file that keeps its owner and mode as they are now.
Result<SetFile> keeping_look(const Root& root, const std::string& path, std::string bytes);

}  // namespace kvmkit::setup
