// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/dpkg.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// What dnf, zypper and rpm are told, so that their words can be read.
const std::map<std::string, std::string>& plain_words();

/// Packages from `rpm -qa --qf "%{name}\t%{evr}\t%{arch}\n"`.
PackageTable read_rpm_list(std::string_view text, const std::string& architecture);

/// What rpm's database says; of an image, a copy of it is read by this machine's rpm. ErrorCode::unsupported: there is
/// none here, or it does not know the image's format.
Result<PackageTable> read_rpm_packages(const Root& root, Runner& runner);

/// Those of these that are installed.
Result<std::vector<std::string>> installed_among(Runner& runner, const std::vector<std::string>& names);

/// "cannot DOING: PROGRAM ended with N:" and the end of its words; all of them go to `log`, unless that is empty.
Error program_failure(std::string_view program,
                      std::string_view doing,
                      const Completed& ended,
                      const std::filesystem::path& log);

/// "refused to remove packages ...": what else would have to go with these; nothing does if there is none.
Result<void> check_alone(const std::vector<std::string>& names, std::vector<std::string> removed);

}  // namespace kvmkit::setup
