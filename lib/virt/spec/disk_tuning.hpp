// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/spec/disk.hpp"

#include <string>

namespace kvmkit::virt {

/// What a place for disks can do, as a look at the host told. An empty problem: it works.
struct DiskFacts {
    bool on_this_host = true;  ///< False where libvirt runs elsewhere: then nothing else is known.
    std::string direct_problem = {};
    std::string io_uring_problem = {};
};

/// Cache and I/O mode of a disk, with the reason. `throw_away`: nobody reads the disk after a power cut. Pure.
DiskTuning choose_tuning(const DiskFacts& facts, bool throw_away);

}  // namespace kvmkit::virt
