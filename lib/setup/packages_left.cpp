// SPDX-License-Identifier: Apache-2.0
#include "setup/packages_left.hpp"

#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {

Error with_packages_left(Error error, const PackageTable& before, const PackageTable& after)
{
    const auto changes = changes_between(before, after);
    if (changes.empty()) {
        return error;
    }
    std::vector<std::string> there;
    std::vector<std::string> gone;
    for (const PackageChange& change : changes) {
        (change.after ? there : gone).push_back(change.after ? describe(change) : change.name);
    }
    error.code = ErrorCode::damaged;
    if (!there.empty()) {
        error.message += fmt::format("\nThese packages are on the host now, and stay:\n  {}", fmt::join(there, "\n  "));
    }
    if (!gone.empty()) {
        error.message += fmt::format("\nThese packages are gone, and do not come back by themselves:\n  {}",
                                     fmt::join(gone, "\n  "));
    }
    if (!after.unfinished().empty()) {
        error.hint = "finish what dpkg began: dpkg --configure -a; then run this again";
    }
    return error;
}

}  // namespace kvmkit::setup
