// SPDX-License-Identifier: Apache-2.0
#include "cli/exit_code.hpp"

namespace kvmkit::cli {

ExitCode exit_code_of(ErrorCode code) noexcept
{
    switch (code) {
        case ErrorCode::usage: return ExitCode::usage;
        case ErrorCode::refused: return ExitCode::refused;
        case ErrorCode::locked: return ExitCode::locked;
        case ErrorCode::interrupted: return ExitCode::interrupted;
        case ErrorCode::damaged: return ExitCode::damaged;
        case ErrorCode::rolled_back: return ExitCode::rolled_back;
        default: return ExitCode::failed;
    }
}

}  // namespace kvmkit::cli
