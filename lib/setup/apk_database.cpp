// SPDX-License-Identifier: Apache-2.0
#include "setup/apk_database.hpp"

#include "base/text.hpp"

#include <utility>
#include <vector>

#include <fmt/format.h>

namespace kvmkit::setup {

PackageTable read_apk_list(std::string_view text, const std::string& architecture)
{
    std::vector<Package> packages;
    Package now;
    const auto end = [&] {
        if (!now.name.empty()) {
            now.state = "installed";
            packages.push_back(std::move(now));
        }
        now = {};
    };
    for (const auto line : lines(text)) {
        if (trim(line).empty()) {
            end();
        } else if (line.starts_with("P:")) {
            now.name = line.substr(2);
        } else if (line.starts_with("V:")) {
            now.version = line.substr(2);
        } else if (line.starts_with("A:")) {
            now.architecture = line.substr(2) == "noarch" ? "all" : line.substr(2);
        }
    }
    end();
    return PackageTable::of(std::move(packages), architecture);
}

Result<PackageTable> read_apk_packages(const Root& root, const std::string& architecture)
{
    for (const char* path : {"lib/apk/db/installed", "usr/lib/apk/db/installed"}) {
        const auto text = root.read(path);
        if (!text) {
            return text.error();
        }
        if (*text) {
            return read_apk_list(**text, architecture);
        }
    }
    return Error{ErrorCode::not_found, "cannot read package database: no '/lib/apk/db/installed'"};
}

}  // namespace kvmkit::setup
