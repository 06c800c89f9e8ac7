// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/file_tree.hpp"

#include <string>
#include <string_view>

namespace kvmkit {

/// What an archive may hold at most.
constexpr std::size_t most_archive_bytes = 64U << 20U;
constexpr std::size_t most_archive_members = 20000;

/// Reads a tar archive (ustar, pax, GNU) into memory. A folder that holds everything else is taken off the names.
/// Refused (ErrorCode::refused) are absolute names, "..", links that lead out, device nodes and FIFOs;
/// ErrorCode::invalid: it is no tar archive, or a torn one.
Result<FileTree> read_tar(std::string_view bytes);

/// Writes the tree as ustar, every time the same bytes: owner 0, time 0. Error: a name is too long for ustar.
Result<std::string> write_tar(const FileTree& tree);

}  // namespace kvmkit
