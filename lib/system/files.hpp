// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace kvmkit {

/// Reads a descriptor to its end, at most `max_bytes`; `name` stands in the error.
Result<std::string> read_all(int fd, std::string_view name, std::size_t max_bytes);

/// Writes every byte; `name` stands in the error.
Result<void> write_all(int fd, std::string_view bytes, std::string_view name);

/// Whose a file is.
struct FileOwner {
    uid_t user = 0;
    gid_t group = 0;

    bool operator==(const FileOwner&) const = default;
};

/// Replaces a file in one step: temporary file beside it, fsync, rename, fsync of the directory. A reader sees the old
/// bytes or the new ones; after a failure the old ones are there and no temporary file is left. Extended attributes of
/// the file that is replaced (SELinux label, access list) are kept; where that is not allowed, it is an error.
Result<void> write_atomically(const std::filesystem::path& path, std::string_view bytes, mode_t mode);

/// All that a file is besides its bytes. What is absent stays as a new file has it.
struct FileLook {
    mode_t mode = 0644;
    std::optional<FileOwner> owner = {};
    std::optional<std::int64_t> modified_ns = {};  ///< Since 1970.
};
Result<void> write_atomically(const std::filesystem::path& path, std::string_view bytes, const FileLook& look);

/// The same for a file that must not be there yet: ErrorCode::exists if one is, also one that came meanwhile.
Result<void> write_new(const std::filesystem::path& path, std::string_view bytes, mode_t mode);

/// Makes a renamed or created entry of `directory` last through a power cut.
Result<void> sync_directory(const std::filesystem::path& directory);

/// Creates a directory and its parents; the last one gets `mode`, and one that is already there is left alone.
Result<void> make_directories(const std::filesystem::path& directory, mode_t mode);

/// Removes a file or an empty directory; one that is already gone is no error.
Result<void> remove_if_there(const std::filesystem::path& path);

}  // namespace kvmkit
