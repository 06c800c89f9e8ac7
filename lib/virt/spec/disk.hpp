// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"
#include "virt/spec/image.hpp"

#include <filesystem>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace kvmkit::virt {

/// An empty disk that is made for the VM, and goes with it.
struct NewDisk {
    Bytes size;
    ImageFormat format = ImageFormat::qcow2;
};

/// A disk beside the first: a new one, or a file of somebody's that the guest writes to.
using ExtraDisk = std::variant<NewDisk, BaseImage>;

struct DiskWishes {
    std::optional<Bytes> root_size = std::nullopt;  ///< Absent: as large as the image.
    std::vector<ExtraDisk> extra = {};
};

/// How QEMU reads and writes the file of a disk; empty words leave it to libvirt.
struct DiskTuning {
    std::string cache = {};
    std::string io = {};
    std::string why = {};
};

/// A disk beside the first as the domain description names it.
struct PlannedDisk {
    std::filesystem::path path;
    ImageFormat format = ImageFormat::qcow2;
    DiskTuning tuning = {};
};

}  // namespace kvmkit::virt
