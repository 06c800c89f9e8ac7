// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/fact.hpp"
#include "base/unique_fd.hpp"
#include "system/file_tree.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit {

enum class Access { read_only, read_write };

/// The host's file tree, or a recorded copy of one, on disk or in memory. Every path is relative: "proc/cpuinfo".
/// Nothing leads out of a copy: in it absolute links begin at its top and ".." ends there, and only plain files are
/// opened.
class Root {
public:
    static Result<Root> open(const std::filesystem::path& directory);

    /// A copy that lies in memory.
    static Root of(FileTree tree);

    /// Whether this is the running host itself ("/") and not a recording or an image.
    [[nodiscard]] bool is_this_host() const noexcept { return is_this_host_; }

    /// From now on the path cannot be opened, listed or looked at: where the copy was made, `errnum` was the answer.
    void refuse(const std::string& path, int errnum) { refused_[path] = errnum; }

    /// Opens a file or device node; absent if it does not exist. Error::code tells forbidden from broken.
    [[nodiscard]] Fact<UniqueFd> open_file(const std::string& path, Access access) const;

    /// Reads a whole file of at most `max_bytes`; absent if it does not exist. Trailing newlines are kept.
    [[nodiscard]] Fact<std::string> read(const std::string& path, std::size_t max_bytes = default_max_bytes) const;

    /// Where a symlink leads, as it is written; absent if there is nothing.
    [[nodiscard]] Fact<std::string> link_target(const std::string& path) const;

    /// What stat(2) says, symlinks followed; absent if there is nothing.
    [[nodiscard]] Fact<struct stat> status(const std::string& path) const;

    /// Whether something is there; false as well where that cannot be told.
    [[nodiscard]] bool exists(const std::string& path) const;

    /// The names in a directory, sorted; absent if it does not exist.
    [[nodiscard]] Fact<std::vector<std::string>> names(const std::string& path) const;

    static constexpr std::size_t default_max_bytes = 8U << 20U;

private:
    Root(UniqueFd directory, bool is_this_host) noexcept : directory_(std::move(directory)), is_this_host_(is_this_host)
    {
    }
    [[nodiscard]] UniqueFd open_path(const std::string& path, int flags) const;
    [[nodiscard]] UniqueFd open_in_memory(const std::string& path, int flags) const;
    [[nodiscard]] std::vector<std::string> names_in_memory(const std::string& path) const;

    UniqueFd directory_;
    bool is_this_host_;
    std::optional<FileTree> tree_;
    std::map<std::string, int> refused_;
};

}  // namespace kvmkit
