// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/dpkg.hpp"
#include "system/root.hpp"

#include <string>
#include <string_view>

namespace kvmkit::setup {

/// Packages from the text of apk's database, lib/apk/db/installed.
PackageTable read_apk_list(std::string_view text, const std::string& architecture);

/// What is installed on an Alpine, from that file: serves images and recorded hosts as well. not_found where there is
/// none.
Result<PackageTable> read_apk_packages(const Root& root, const std::string& architecture);

}  // namespace kvmkit::setup
