// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/distribution.hpp"
#include "system/root.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// A public server of distributions' archives. What it holds is not believed, it is tried out.
struct Mirror {
    std::string name;   ///< "aliyun"
    std::string where;  ///< "China"
    /// By kind of archive ("debian", "debian-security", "ubuntu", "ubuntu-ports"), with a '/' at the end.
    std::map<std::string, std::string> archives;

    /// Empty: it has none of that kind.
    [[nodiscard]] std::string archive(const std::string& kind) const;
};

/// The servers that `mirror list` shows.
struct MirrorCatalogue {
    std::vector<Mirror> mirrors;
    std::map<std::string, std::string> ended;  ///< Where releases go that are no longer served, by kind of archive.

    /// nullptr: there is none of that name.
    [[nodiscard]] const Mirror* find(std::string_view name) const;

    /// Whether one of its archives is at this URI.
    [[nodiscard]] bool serves(std::string_view uri) const;
};

/// Which archives a host takes its packages from.
struct ArchiveKinds {
    std::string main;      ///< "debian", "ubuntu", "ubuntu-ports", "fedora", "rocky"; empty: no public one is known.
    std::string security;  ///< "debian-security"; the same as `main` elsewhere.
};

ArchiveKinds archive_kinds(const Distribution& distribution, std::string_view architecture);

/// Reads a catalogue. ErrorCode::usage says what is wrong with it; `name` stands in the error.
Result<MirrorCatalogue> read_mirrors(std::string_view json, const std::string& name);

/// What the host has: etc/kvmkit/mirrors.json, before the file that came with the program, before what is built in.
Result<MirrorCatalogue> load_mirrors(const Root& root, const std::string& shipped);

/// With exactly one '/' at the end.
std::string as_folder(std::string_view uri);

/// "h:80" of "http://h:80/x"; empty for what has no scheme.
std::string_view authority_of(std::string_view uri);
/// "h" of that.
std::string_view host_of(std::string_view uri);

/// A URI that apt can fetch from without a helper of its own: http or https, and a host.
Result<std::string> parse_archive_uri(std::string_view text);

}  // namespace kvmkit::setup
