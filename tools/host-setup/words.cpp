// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include "apply.hpp"
#include "history/history.hpp"
#include "setup/history.hpp"
#include "setup/profile.hpp"
#include "setup/sources/mirror.hpp"

namespace kvmkit::host_setup {

cli::Candidates components(const cli::Given& /*given*/)
{
    return cli::candidates_of(setup::component_words());
}

cli::Candidates profiles(const cli::Given& /*given*/)
{
    cli::Candidates candidates;
    for (const auto& profile : setup::profiles()) {
        candidates.push_back({std::string{profile.name}, std::string{profile.title}});
    }
    return candidates;
}

cli::Candidates mirrors(const cli::Given& /*given*/)
{
    const auto root = Root::open("/");
    const auto catalogue = root ? setup::load_mirrors(*root, shipped_mirrors()) : root.error();
    cli::Candidates candidates;
    for (const auto& mirror : catalogue ? catalogue->mirrors : std::vector<setup::Mirror>{}) {
        candidates.push_back({mirror.name, mirror.where});
    }
    return candidates;
}

cli::Candidates transactions(const cli::Given& /*given*/)
{
    const auto inventory = setup::transactions(txn::default_places());
    return inventory ? history::candidates(*inventory) : cli::Candidates{};
}

cli::Candidates root_logins(const cli::Given& /*given*/)
{
    return {{"prohibit-password", "by key only"}, {"yes", "by password, too"}};
}

}  // namespace kvmkit::host_setup
