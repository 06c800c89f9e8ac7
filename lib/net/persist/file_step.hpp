// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace kvmkit::net {

/// A file's content as it lies on the disk, or is to.
struct FileImage {
    std::string bytes;  ///< Of a symbolic link: where it leads.
    mode_t mode = 0644;
    bool is_link = false;

    bool operator==(const FileImage&) const = default;
};

/// Writes the bytes beside their place, under a name that no manager reads, and onto the disk.
struct StageFile {
    std::string path;  ///< Where they are to be in the end, below the root.
    std::string staged;
    FileImage image;
};
/// Gives the staged file its name.
struct PlaceFile {
    std::string path;
    std::string staged;
    FileImage image;
};
struct RemoveFile {
    std::string path;
};
struct MakeFolder {
    std::string path;
};

/// Undoes: gives a file its old content back, unless somebody else changed it meanwhile.
struct RestoreFile {
    std::string path;
    std::optional<FileImage> old = {};   ///< Absent: it was not there.
    std::optional<FileImage> ours = {};  ///< What we put there; absent: nothing.
};
/// Only where it is empty; undoes making it.
struct RemoveFolder {
    std::string path;
};

using FileStep = std::variant<StageFile, PlaceFile, RemoveFile, MakeFolder, RestoreFile, RemoveFolder>;

/// The file at a path, links not followed; absent: nothing is there. ErrorCode::unsupported: it is no file.
Result<std::optional<FileImage>> image_of(const std::filesystem::path& path);

/// The steps as txn/ makes and undoes them, below a root. Each one lasts through a power cut once it is made.
class FileDomain {
public:
    using Step = FileStep;

    explicit FileDomain(std::filesystem::path top) : top_(std::move(top)) {}

    static std::string describe(const Step& step);
    static std::string encode(const Step& step);
    static Result<Step> decode(std::string_view text);
    Result<std::optional<Step>> inverse(const Step& step);
    Result<void> apply(const Step& step);

private:
    struct Inverse;
    struct Apply;

    std::filesystem::path top_;
};

}  // namespace kvmkit::net
