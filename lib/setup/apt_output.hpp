// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/bytes.hpp"

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// Pure readers of what apt prints with LC_ALL=C.

/// One package that apt would bring.
struct PlannedPackage {
    std::string name;
    std::string version;
    bool for_others = false;  ///< Comes for the sake of what is there already: stays when the rest is taken back.
};

/// What an installation would do to the host.
struct Price {
    std::vector<PlannedPackage> install = {};  ///< New ones, and newer versions of those that are there.
    std::vector<std::string> remove = {};
    Bytes download = {};
    Bytes disk = {};  ///< As apt says it, in its rounding.
};

/// Reads `apt-get -s install`: the lines "Inst NAME [OLD] (NEW ...)" and "Remv NAME".
Price read_simulation(std::string_view text);

/// Adds up the files of `apt-get --print-uris install` that must be fetched; files of this host cost nothing.
Bytes read_download_size(std::string_view text);

/// "After this operation, 229 MB of additional disk space will be used."; 0 if space is freed or nothing is said.
Bytes read_disk_size(std::string_view text);

/// Name to version from `apt-cache policy`; names without a candidate are left out.
std::map<std::string, std::string> read_candidates(std::string_view text);

/// The lines of `apt-get update` that say that a source was not read, whatever the exit code says: "Err:", "E:", and
/// those of "W:" that mean missing or unsigned indexes. Each once, in order.
std::vector<std::string> read_update_problems(std::string_view text);

/// Why apt failed, in at most `count` lines: what came first on standard error, where a script's own words and dpkg's
/// stand, and its last line; where that is empty, the end of standard output.
std::string failure_excerpt(std::string_view out, std::string_view err, std::size_t count = 12);

/// "apt 2.6.1 (amd64)" is 2006; 0 if it cannot be read.
unsigned read_apt_version(std::string_view text);

}  // namespace kvmkit::setup
