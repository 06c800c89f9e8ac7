// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/ended.hpp"

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

/// The release's security suite, by both of the names that Debian gave it.
bool has_security(const Fetcher& fetcher, const std::string& archive, const MeasureOrder& order)
{
    MeasureOrder suite{order.release, order.folder, order.deadline};
    suite.release.files.clear();
    for (const char* pocket : {"-security", "/updates"}) {
        for (const char* file : {"InRelease", "Release"}) {
            suite.release.files.push_back(fmt::format("dists/{}{}/{}", order.release.name, pocket, file));
        }
    }
    return !archive.empty() && has_release(fetcher, archive, suite).has_value();
}

}  // namespace

std::string EndedRelease::use() const
{
    return fmt::format("host-setup mirror use {}{}", archive, security ? " --security" : "");
}

std::optional<EndedRelease> find_ended(const Fetcher& fetcher,
                                       const MirrorCatalogue& catalogue,
                                       const ArchiveKinds& kinds,
                                       const MeasureOrder& order)
{
    const auto kept = catalogue.ended.find(kinds.main);
    if (kept == catalogue.ended.end() || !has_release(fetcher, kept->second, order)) {
        return std::nullopt;
    }
    const bool suites = order.release.files.front().starts_with("dists/");
    return EndedRelease{kept->second, suites && has_security(fetcher, security_beside(kept->second, kinds), order)};
}

std::string security_beside(const std::string& archive, const ArchiveKinds& kinds)
{
    if (kinds.security == kinds.main) {
        return archive;
    }
    constexpr std::string_view tail = "/debian/";
    return archive.ends_with(tail) ? archive.substr(0, archive.size() - 1) + "-security/" : std::string{};
}

}  // namespace kvmkit::setup
