// SPDX-License-Identifier: Apache-2.0
#include "setup/sources/host_sources.hpp"

#include "base/text.hpp"
#include "system/small_files.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

constexpr const char* folder = "etc/apt/sources.list.d";

Result<void> take_file(const Root& root, const std::string& path, std::vector<SourceFile>& files)
{
    const auto format = source_format_of(path.substr(path.rfind('/') + 1));
    if (!format) {
        return {};
    }
    auto text = root.read(path);
    if (!text) {
        return std::move(text).error();
    }
    if (!*text) {
        return {};
    }
    SourceFile file{path, *format, std::move(**text), {}};
    file.entries = read_source_entries(file.format, file.text);
    if (!file.entries.malformed.empty()) {
        const auto& wrong = file.entries.malformed.front();
        return Error{ErrorCode::usage,
                     fmt::format("cannot read apt's sources: /{} line {}: {}", path, wrong.line, wrong.cause),
                     "apt refuses the whole file, too: mend or comment out the line"};
    }
    files.push_back(std::move(file));
    return {};
}

/// How apt names the lists of a URI: "http://h/debian/" is "h_debian_".
std::string list_name(std::string_view uri)
{
    const auto scheme_end = uri.find("://");
    std::string name;
    for (const char c : as_folder(uri.substr(scheme_end == std::string_view::npos ? 0 : scheme_end + 3))) {
        if (c == '/') {
            name += '_';
        } else if (c == '_') {
            name += "%5f";
        } else {
            name += c;
        }
    }
    return name;
}

/// "Debian" of a Release file's head; a signed one has armour around it.
std::string_view origin_of(std::string_view release)
{
    for (const auto line : lines(release)) {
        if (line.starts_with("Origin:")) {
            return trim(line.substr(7));
        }
        if (line.starts_with("SHA256:") || line.starts_with("MD5Sum:")) {
            break;
        }
    }
    return {};
}

}  // namespace

Result<std::vector<SourceFile>> read_sources(const Root& root)
{
    std::vector<SourceFile> files;
    if (auto taken = take_file(root, "etc/apt/sources.list", files); !taken) {
        return std::move(taken).error();
    }
    auto names = root.names(folder);
    if (!names) {
        return std::move(names).error();
    }
    for (const std::string& name : names->value_or(std::vector<std::string>{})) {
        if (auto taken = take_file(root, fmt::format("{}/{}", folder, name), files); !taken) {
            return std::move(taken).error();
        }
    }
    return files;
}

SuitePart part_of_suite(std::string_view suite, const Distribution& distribution)
{
    if (!suite.starts_with(distribution.suite)) {
        return SuitePart::foreign;
    }
    const auto pocket = suite.substr(distribution.suite.size());
    constexpr std::array<std::string_view, 4> base{"", "-updates", "-backports", "-backports-sloppy"};
    if (std::ranges::find(base, pocket) != base.end()) {
        return SuitePart::base;
    }
    if (pocket == "-security" || pocket == "/updates") {
        return SuitePart::security;
    }
    return pocket == "-proposed" || pocket == "-proposed-updates" ? SuitePart::proposed : SuitePart::foreign;
}

bool SourceOwner::is_distributions(const SourceEntry& entry) const
{
    const auto keyring = entry.options.find("signed-by");
    const std::string vendor = distribution_.family == Family::debian ? "debian" : "ubuntu";
    const bool signed_by_it =
        keyring != entry.options.end() && keyring->second.find(vendor + "-archive-keyring") != std::string::npos;
    return std::ranges::all_of(entry.uris, [&](const SourceWord& uri) {
        return catalogue_.serves(uri.text) ||
               (!is_another_archive(uri.text) && (signed_by_it || is_its_host(uri.text) ||
                                                  std::ranges::any_of(entry.suites, [&](const SourceWord& suite) {
                                                      return fetched_from_it(uri.text, suite.text);
                                                  })));
    });
}

bool SourceOwner::is_its_host(std::string_view uri) const
{
    const auto host = host_of(uri);
    if (distribution_.family == Family::debian) {
        return host.ends_with(".debian.org") && !is_another_archive(uri);
    }
    constexpr std::array<std::string_view, 4> served{
        "archive.ubuntu.com", "security.ubuntu.com", "ports.ubuntu.com", "old-releases.ubuntu.com"};
    constexpr std::array<std::string_view, 2> by_place{".archive.ubuntu.com", ".ports.ubuntu.com"};
    return std::ranges::find(served, host) != served.end() ||
           std::ranges::any_of(by_place, [host](std::string_view end) { return host.ends_with(end); });
}

bool SourceOwner::is_another_archive(std::string_view uri) const
{
    const auto host = host_of(uri);
    if (distribution_.family == Family::debian) {
        constexpr std::array<std::string_view, 3> others{
            "debug.mirrors.debian.org", "incoming.debian.org", "snapshot.debian.org"};
        return std::ranges::find(others, host) != others.end();
    }
    return host.ends_with(".ubuntu.com") && !is_its_host(uri);
}

bool SourceOwner::fetched_from_it(const std::string& uri, const std::string& suite) const
{
    auto stem = fmt::format("var/lib/apt/lists/{}dists_{}", list_name(uri), suite);
    std::replace(stem.begin() + static_cast<std::ptrdiff_t>(stem.rfind("dists_")), stem.end(), '/', '_');
    auto release = text_or_nothing(root_, stem + "_InRelease");
    if (release.empty()) {
        release = text_or_nothing(root_, stem + "_Release");
    }
    return origin_of(release) == (distribution_.family == Family::debian ? "Debian" : "Ubuntu");
}

}  // namespace kvmkit::setup
