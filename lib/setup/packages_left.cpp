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
    std::vector<std::string> list;
    list.reserve(changes.size());
    for (const PackageChange& change : changes) {
        list.push_back(describe(change));
    }
    error.code = ErrorCode::damaged;
    error.message += fmt::format("\nThese packages are on the host now, and stay:\n  {}", fmt::join(list, "\n  "));
    if (!after.unfinished().empty()) {
        error.hint = "finish what dpkg began: dpkg --configure -a; then run this again";
    }
    return error;
}

}  // namespace kvmkit::setup
