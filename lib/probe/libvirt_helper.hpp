// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "facts/libvirt.hpp"
#include "facts/vms.hpp"
#include "system/runner.hpp"

#include <string>

namespace kvmkit {

/// The programs that tell what files do not, and where ours among them lie.
struct Programs {
    Runner& runner;
    std::string libexec;  ///< The folder of helpers, where it was installed: "/usr/libexec/kvmkit".
};

/// The helper libvirt-facts: in ../libexec/kvmkit beside this program, else in the given folder. Empty: in neither.
std::string find_libvirt_helper(const std::string& libexec);

/// Has the helper ask libvirt's system instance, where that took a connection: as one who may manage it, if we are root
/// or in its group, else read-only, so that nobody is asked for a password. Absent: nothing answers that could be
/// asked. Error: not_found: there is no helper; timeout: libvirt hangs; external: the helper failed.
Fact<LibvirtAnswers> ask_libvirt_helper(const LibvirtFacts& libvirt, const Programs& programs, Deadline deadline);

/// Says of each VM which of libvirt's it is, by its UUID, else by its process.
void name_by_libvirt(const LibvirtAnswers& answers, RunningVms& running);

}  // namespace kvmkit
