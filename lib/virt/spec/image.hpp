// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "base/result.hpp"

#include <filesystem>
#include <optional>
#include <string_view>

namespace kvmkit::virt {

enum class ImageFormat { raw, qcow2 };

/// "raw" or "qcow2", as qemu-img and libvirt spell them.
std::string_view word(ImageFormat format) noexcept;

/// What the first bytes of a disk image say.
struct ImageHeader {
    ImageFormat format = ImageFormat::raw;
    Bytes virtual_size;  ///< The size of the disk that a guest sees.
    Bytes l1_offset;     ///< qcow2 only: where its table of tables lies, and its entries.
    std::uint32_t l1_entries = 0;
};

/// How many bytes of a file parse_image_header() wants to see, as far as there are so many.
constexpr std::size_t image_head_size = 512;

/// Where in a file some bytes lie.
struct Place {
    Bytes offset;
    std::size_t length = 0;
};

/// Where a qcow2 names its backing file; absent if it has none, or the head is no qcow2's. Pure.
std::optional<Place> backing_name_place(std::string_view head);

/// A disk image that may serve as the base of an overlay.
struct BaseImage {
    std::filesystem::path path;  ///< Absolute, symlinks resolved.
    ImageFormat format = ImageFormat::raw;
    Bytes virtual_size;
};

/// Judges the head of a file of `file_size` bytes. `name` stands in the errors: invalid (cut short, or no disk image
/// at all), unsupported (another format), refused (qcow2 that makes QEMU open further files, or is damaged). Pure.
Result<ImageHeader> parse_image_header(std::string_view head, Bytes file_size, const std::filesystem::path& name);

/// Whether every table that a qcow2's L1 table names lies inside the file: a download that was cut short fails here.
Result<void> check_l1_table(std::string_view table, Bytes file_size, const std::filesystem::path& name);

/// Opens a file and judges it. The format comes from the content; a name that ends in .qcow2 must hold one.
Result<BaseImage> inspect_image(const std::filesystem::path& path);

}  // namespace kvmkit::virt
