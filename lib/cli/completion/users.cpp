// SPDX-License-Identifier: Apache-2.0
#include "cli/completion/users.hpp"

#include "base/text.hpp"

namespace kvmkit::cli {

Candidates user_candidates(std::string_view passwd)
{
    Candidates candidates;
    const auto all = lines(passwd);
    candidates.reserve(all.size());
    for (const auto line : all) {
        const auto fields = split(line, ':');
        candidates.push_back({std::string{fields.front()}, std::string{fields.size() > 4 ? fields[4] : ""}});
    }
    return candidates;
}

}  // namespace kvmkit::cli
