// SPDX-License-Identifier: Apache-2.0
#include "setup/apt_lists.hpp"

#include <algorithm>
#include <string>

namespace kvmkit::setup {
namespace {

/// apt may keep them compressed: "..._Packages.lz4".
bool any_list(const Root& root)
{
    const auto names = root.names("var/lib/apt/lists");
    return names && *names && std::ranges::any_of(**names, [](const std::string& name) {
               return name.find("_Packages") != std::string::npos;
           });
}

}  // namespace

std::optional<std::chrono::seconds> age_of_lists(const Root& root, std::chrono::sys_seconds now)
{
    if (!any_list(root)) {
        return std::nullopt;
    }
    std::chrono::sys_seconds newest{};
    // A run that finds nothing new still writes in partial/.
    for (const auto* path : {"var/lib/apt/lists", "var/lib/apt/lists/partial"}) {
        if (const auto status = root.status(path); status && *status) {
            newest = std::max(newest, std::chrono::sys_seconds{std::chrono::seconds{(*status)->st_mtim.tv_sec}});
        }
    }
    return std::max(now - newest, std::chrono::seconds{0});
}

}  // namespace kvmkit::setup
