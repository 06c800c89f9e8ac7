// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"

#include <sys/types.h>

#include <optional>
#include <string>

namespace kvmkit::virt {

/// Who has a file open.
struct FileHolder {
    pid_t pid = 0;
    std::string vm;  ///< Empty: no VM of libvirt's.
};

/// A QEMU whose command line names that file, or one below that folder if it ends with '/'. Absent if there is none.
std::optional<FileHolder> find_holder(const Root& root, const std::string& path);

}  // namespace kvmkit::virt
