// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/completion/word_source.hpp"

#include <array>

namespace kvmkit::host_setup {

cli::Candidates components(const cli::Given& given);
/// What --profile takes.
cli::Candidates profiles(const cli::Given& given);
/// The mirrors of the catalogue.
cli::Candidates mirrors(const cli::Given& given);
/// What was done to this host, the newest first.
cli::Candidates transactions(const cli::Given& given);
/// The users of this host.
cli::Candidates users(const cli::Given& given);
/// How root may log in by ssh.
cli::Candidates root_logins(const cli::Given& given);

inline constexpr std::array sources{
    cli::WordSource{"", "COMPONENT", components},
    cli::WordSource{"", "NAME", mirrors},
    cli::WordSource{"", "PROFILE", profiles},
    cli::WordSource{"", "ID", transactions},
    cli::WordSource{"", "HOW", root_logins},
    cli::WordSource{"", "USER", users},
};

}  // namespace kvmkit::host_setup
