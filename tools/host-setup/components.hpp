// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/suggest.hpp"
#include "setup/plan.hpp"

#include <fmt/format.h>

namespace kvmkit::host_setup {

/// Reads the components of a command line, with a guess at what a mistyped one meant.
inline Result<setup::Components> components_of(const std::vector<std::string>& words)
{
    auto chosen = setup::parse_components(words);
    if (chosen) {
        return chosen;
    }
    Error error = chosen.error();
    const auto known = setup::component_words();
    for (const std::string& typed : words) {
        const auto guess = did_you_mean(typed, known);
        if (guess && *guess != typed) {
            error.hint = fmt::format("did you mean '{}'? {}", *guess, error.hint);
            break;
        }
    }
    return error;
}

}  // namespace kvmkit::host_setup
