// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace kvmkit {

/// One entry of a tree of files that lies in memory.
struct TreeEntry {
    enum class Kind { file, directory, link };

    Kind kind = Kind::file;
    std::string bytes = {};  ///< A file's content, or a link's target.

    bool operator==(const TreeEntry&) const = default;
};

/// Paths without a leading '/', "proc/cpuinfo", to what lies there. Every parent of an entry is a directory in the map.
using FileTree = std::map<std::string, TreeEntry, std::less<>>;

/// Puts a file into the tree, with its parents.
void add_file(FileTree& tree, std::string_view path, std::string bytes);

/// Puts a directory into the tree, with its parents. What is already there stays.
void add_directory(FileTree& tree, std::string_view path);

/// The entry at a path, links followed as if the tree's top were '/': nothing leads out of it. Null: nothing is there,
/// or links go round in a circle.
const TreeEntry* find_entry(const FileTree& tree, std::string_view path);

/// Writes the tree as a new directory with mode 0700, each file fsynced, under a temporary name that is then renamed.
/// ErrorCode::exists: something is there already. After an error nothing is left.
Result<void> write_directory(const FileTree& tree, const std::string& path);

}  // namespace kvmkit
