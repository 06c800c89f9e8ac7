// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/release_mark.hpp"

#include "setup/sources/vendor.hpp"

#include <fmt/format.h>

namespace kvmkit::setup {

ReleaseMark release_mark(const Distribution& distribution, std::string_view architecture)
{
    if (distribution.family == Family::debian || distribution.family == Family::ubuntu) {
        const auto folder = fmt::format("dists/{}/", distribution.suite);
        return {distribution.suite, {folder + "InRelease", folder + "Release"}};
    }
    if (distribution.family == Family::arch) {
        return {"rolling", {expand_path("core/os/$arch/core.db", distribution, architecture)}};
    }
    const auto folder = expand_path(main_path(distribution), distribution, architecture);
    const auto release = expand_path("$releasever", distribution, architecture);
    return {release.empty() ? "rolling" : release, {folder + "repodata/repomd.xml"}};
}

}  // namespace kvmkit::setup
