// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include "check/catalogue.hpp"
#include "check/selection.hpp"
#include "cli/completion/users.hpp"
#include "format_options.hpp"
#include "system/small_files.hpp"

#include <map>

namespace kvmkit::kvm_check {
cli::Candidates check_ids(const cli::Given& /*given*/)
{
    cli::Candidates candidates;
    for (const Check& check : catalogue()) {
        candidates.push_back({std::string{check.id}, std::string{check.title}});
    }
    return candidates;
}

cli::Candidates check_ids_and_groups(const cli::Given& given)
{
    auto candidates = check_ids(given);
    std::map<std::string, std::string> groups;
    for (const cli::Candidate& check : candidates) {
        groups.emplace(check.word.substr(0, check.word.find('.')), "all checks of this group");
    }
    for (const auto& [group, help] : groups) {
        candidates.push_back({group, help});
    }
    return candidates;
}

cli::Candidates purposes(const cli::Given& /*given*/)
{
    cli::Candidates candidates;
    for (const Profile& profile : profiles()) {
        candidates.push_back({std::string{profile.name}, std::string{profile.summary}});
    }
    return candidates;
}

cli::Candidates formats(const cli::Given& /*given*/)
{
    return cli::candidates_of(format_words());
}

cli::Candidates imitated_tools(const cli::Given& /*given*/)
{
    return cli::candidates_of(imitation_words());
}

cli::Candidates users(const cli::Given& /*given*/)
{
    const auto root = Root::open("/");
    return root ? cli::user_candidates(text_or_nothing(*root, "etc/passwd")) : cli::Candidates{};
}

}  // namespace kvmkit::kvm_check
