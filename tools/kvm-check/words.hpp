// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "cli/completion/word_source.hpp"

#include <array>

namespace kvmkit::kvm_check {

cli::Candidates check_ids(const cli::Given& given);
/// The ids, and the groups that they form.
cli::Candidates check_ids_and_groups(const cli::Given& given);
cli::Candidates purposes(const cli::Given& given);
cli::Candidates formats(const cli::Given& given);
cli::Candidates imitated_tools(const cli::Given& given);
cli::Candidates users(const cli::Given& given);

inline constexpr std::array sources{
    cli::WordSource{"show", "ID", check_ids},
    cli::WordSource{"run", "ID", check_ids_and_groups},
    cli::WordSource{"run", "PURPOSE", purposes},
    cli::WordSource{"run", "F", formats},
    cli::WordSource{"run", "TOOL", imitated_tools},
    cli::WordSource{"run", "NAME", users},
    cli::WordSource{"diff", "A", nullptr, cli::Files::any},
    cli::WordSource{"diff", "B", nullptr, cli::Files::any},
};

}  // namespace kvmkit::kvm_check
