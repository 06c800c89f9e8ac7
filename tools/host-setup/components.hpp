// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/suggest.hpp"
#include "cli/tool.hpp"
#include "setup/plan.hpp"
#include "setup/profile.hpp"

#include <fmt/format.h>

namespace kvmkit::host_setup {

/// What a command line asks for.
struct Chosen {
    setup::Components components;
    bool tutorial = false;
    std::vector<std::string> remarks = {};  ///< To be told with the answer.
};

/// Reads the components that are named, with a guess at what a mistyped one meant.
inline Result<setup::Components> named_components(const std::vector<std::string>& words)
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

/// Those of --profile, and those that are named beside it.
inline Result<Chosen> components_of(const cli::Arguments& arguments)
{
    const auto name = arguments.maybe("profile");
    auto named = name && arguments.operands().empty() ? setup::Components{} : named_components(arguments.operands());
    if (!named) {
        return std::move(named).error();
    }
    Chosen chosen{std::move(*named)};
    if (name) {
        const auto profile = setup::parse_profile(*name);
        if (!profile) {
            return profile.error();
        }
        chosen.components.insert(profile->components.begin(), profile->components.end());
        chosen.tutorial = profile->tutorial;
    }
    return chosen;
}

}  // namespace kvmkit::host_setup
