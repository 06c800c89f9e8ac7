// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/apt_output.hpp"
#include "setup/apt_progress.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// Pure readers of what dnf 4 and dnf5 print with LC_ALL=C.UTF-8.

/// Reads the table of a transaction ("Dependencies resolved."), with its "Total download size" and "Installed size".
/// What is replaced counts as removed.
Price read_dnf_transaction(std::string_view text);

/// The same of dnf5, whose table ends with "Transaction Summary:"; absent where it did not come to one and has
/// something to do for all that. What is replaced by its own newer version stays.
std::optional<Price> read_dnf5_transaction(std::string_view text);

/// "6.1 k", "18 M", "123 ": dnf's sizes, in powers of 1024.
Bytes read_dnf_size(std::string_view text);

/// The rows below "Installing group/module packages" of dnf 4 and dnf5: what is asked for by a group, without what that
/// needs. Absent: it did not come to an answer.
std::optional<std::vector<std::string>> read_dnf_members(std::string_view text);

/// Name to version from `dnf repoquery --qf "%{name}\t%{evr}"`; of several versions the last.
std::map<std::string, std::string> read_dnf_candidates(std::string_view text);

/// The lines that say that a repository was not read, also where dnf ends with 0. Each once.
std::vector<std::string> read_dnf_problems(std::string_view text);

/// The scripts of packages that failed: dnf only warns of them. "POSTIN scriptlet in rpm package qemu-kvm".
std::vector<std::string> read_failed_scripts(std::string_view text);

/// "  Installing       : qemu-kvm-7.2-1.noarch     2/6": how far it is; absent for most lines.
std::optional<PackageProgress> read_dnf_progress(std::string_view line);

/// The same of dnf5, which tells on standard error what it has fetched, "[1/3] qemu-kvm-0:99.1-1.noarch 100% | ...",
/// and what it has installed, "[4/5] Installing qemu-kvm-0:99.1-1.noar 100% | ...".
std::optional<PackageProgress> read_dnf5_progress(std::string_view line);

}  // namespace kvmkit::setup
