// SPDX-License-Identifier: Apache-2.0
#include "virt/spec/disk_tuning.hpp"

#include <fmt/format.h>

namespace kvmkit::virt {

DiskTuning choose_tuning(const DiskFacts& facts, bool throw_away)
{
    if (!facts.on_this_host) {
        return {"", "", "libvirt runs on another host, which cannot be looked at: its defaults"};
    }
    if (throw_away) {
        return {"unsafe", "threads", "the disk goes with the VM: nothing has to outlast a power cut"};
    }
    if (!facts.direct_problem.empty()) {
        return {"writeback",
                "threads",
                fmt::format("the page cache is used, since O_DIRECT does not work here: {}", facts.direct_problem)};
    }
    if (!facts.io_uring_problem.empty()) {
        return {"none", "native", fmt::format("O_DIRECT works; io_uring does not: {}", facts.io_uring_problem)};
    }
    return {"none", "io_uring", "O_DIRECT and io_uring both work here"};
}

}  // namespace kvmkit::virt
