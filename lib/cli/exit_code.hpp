// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

namespace kvmkit::cli {

/// Process exit codes, the same for every tool. Documented in docs/exit-codes.md; never renumber.
enum class ExitCode : int {
    ok = 0,             ///< Done, every required check passed, or nothing was to be done.
    no = 1,             ///< It worked and the answer is no: a required check failed, or a dry run found work.
    usage = 2,          ///< The command line or an input file is wrong.
    failed = 3,         ///< Could not do it or could not tell. The host is as it was.
    damaged = 4,        ///< Could not do it and could not undo it. Standard error lists what is left.
    refused = 10,       ///< Refused before anything was touched.
    locked = 11,        ///< Another instance holds the lock.
    rolled_back = 12,   ///< Made, not found as wanted when looked at again, and undone.
    not_yet = 13,       ///< host-setup --detailed-exit: done, but some of it holds only after a new login or a reboot.
    not_ready = 20,     ///< vm-run: the VM runs but was not ready in time.
    guest_ended = 21,   ///< vm-run: the guest died, panicked or powered off while it was waited for.
    some_failed = 22,   ///< Of several VMs some were launched and some were not.
    interrupted = 130,  ///< Interrupted by a signal, and rolled back.
};

/// The exit code of an operation that ended with this error.
ExitCode exit_code_of(ErrorCode code) noexcept;

}  // namespace kvmkit::cli
