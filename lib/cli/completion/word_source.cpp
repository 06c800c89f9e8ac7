// SPDX-License-Identifier: Apache-2.0
#include "cli/completion/word_source.hpp"

#include <algorithm>

namespace kvmkit::cli {

std::optional<std::string> Given::option(std::string_view name) const
{
    const auto found =
        std::find_if(options.rbegin(), options.rend(), [name](const auto& option) { return option.first == name; });
    return found == options.rend() ? std::nullopt : std::optional{found->second};
}

Candidates candidates_of(const std::vector<std::string>& words)
{
    Candidates candidates;
    candidates.reserve(words.size());
    for (const std::string& word : words) {
        candidates.push_back({word});
    }
    return candidates;
}

}  // namespace kvmkit::cli
