// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/file_tree.hpp"
#include "system/runner.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit {

/// The program that packs files with this name ("gzip" for "x.tgz" and "x.tar.gz", zstd, xz); empty: plain tar. Absent:
/// not the name of an archive.
std::optional<std::string_view> packer_for(std::string_view name);

/// Reads a tar archive, plain or packed with gzip, zstd or xz, into memory; what it is its first bytes tell. Unpacking
/// takes the program of that name; a plain archive takes none. Nothing is written. See read_tar for what is refused.
Result<FileTree> read_archive(const std::string& path, Runner& runner);

/// The tree as an archive for a file of this name.
Result<std::string> make_archive(const FileTree& tree, std::string_view name, Runner& runner);

}  // namespace kvmkit
