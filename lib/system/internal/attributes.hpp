// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>

namespace kvmkit {

/// Gives an open file the extended attributes of another one: SELinux's label, access lists, those of users. What
/// vouches for the old bytes (IMA, EVM) is left out, and a symbolic link gives none. false, with errno: one cannot be
/// kept. A file that is not there, and a file system without attributes, have none.
bool copy_attributes(const std::filesystem::path& from, int to);

}  // namespace kvmkit
