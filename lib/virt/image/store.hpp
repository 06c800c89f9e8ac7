// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "txn/places.hpp"
#include "virt/image/checksum.hpp"
#include "virt/image/download.hpp"
#include "virt/spec/image.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::virt {

/// An image of the cache, as the record beside it says.
struct StoredImage {
    std::string name;
    std::filesystem::path file = {};
    ImageFormat format = ImageFormat::raw;
    Bytes virtual_size = {};
    Bytes size = {};  ///< Of the file.
    Digests digests = {};
    std::string origin = {};  ///< The address, or the path of the file that was added.
    Validators validators = {};
    std::string since = {};      ///< ISO 8601, UTC: when it came.
    std::string checksum = {};   ///< "verified: SHA-512 of https://..." or "not verified: ...".
    std::string signature = {};  ///< The same; "none is published" where there is none.
    std::string user = {};       ///< Whom its cloud-init gives the keys; empty: not known.

    [[nodiscard]] BaseImage base() const { return {file, format, virtual_size}; }
};

/// A disk of one of our VMs that lies on top of another file.
struct ImageUse {
    std::string vm;
    std::filesystem::path disk;
    std::filesystem::path base;
};

/// The cache of images: STATE/images. A file there is named after its digest and never changes, so that the disks on
/// top of it stay whole when a newer one takes its name.
class ImageStore {
public:
    explicit ImageStore(const txn::Places& places) : folder_(places.state / "images"), vms_(places.state / "vms") {}

    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
    /// Makes the folder if it is not there.
    [[nodiscard]] Result<void> prepare() const;
    /// Where an image grows while it is downloaded.
    [[nodiscard]] std::filesystem::path part(const std::string& name) const { return folder_ / (name + ".part"); }

    /// By name; a record that cannot be read is an Error that names it.
    [[nodiscard]] Result<std::vector<StoredImage>> list() const;
    /// Absent if there is none, or its file is gone. An Error if it may not be read.
    [[nodiscard]] Result<std::optional<StoredImage>> find(const std::string& name) const;

    /// Takes a whole file of this folder as the image of that name: read-only, renamed, recorded. What had the name
    /// before goes unless a VM uses it.
    [[nodiscard]] Result<StoredImage> adopt(const std::filesystem::path& file, StoredImage image) const;

    /// Copies a file into the folder as NAME.part; gives its path.
    [[nodiscard]] Result<std::filesystem::path> copy_in(const std::filesystem::path& file,
                                                        const std::string& name,
                                                        const std::function<bool()>& interrupted) const;

    /// Removes an image with its record. refused: a VM uses it, and is named.
    [[nodiscard]] Result<void> remove(const StoredImage& image) const;

    /// The disks on top of others, as the disks' own heads say.
    [[nodiscard]] std::vector<ImageUse> uses() const;

private:
    [[nodiscard]] std::filesystem::path record(const std::string& name) const { return folder_ / (name + ".json"); }
    void remove_unused(const std::filesystem::path& file) const;
    std::filesystem::path folder_;
    std::filesystem::path vms_;
};

}  // namespace kvmkit::virt
