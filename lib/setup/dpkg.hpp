// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/root.hpp"

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// Whether a package of this status word has files on the host, whole or not.
constexpr bool is_present(std::string_view state) noexcept
{
    return state != "not-installed" && state != "config-files";
}

/// One package as dpkg's database has it.
struct Package {
    std::string name;
    std::string architecture;
    std::string version;
    std::string state;  ///< dpkg's last status word: "installed", "half-configured", "config-files", ...
};

/// What the package manager says is on the host. dpkg's is read from its database, so that it serves images and
/// recorded hosts as well.
class PackageTable {
public:
    /// Reads the text of var/lib/dpkg/status.
    static PackageTable parse(std::string_view status);

    /// What another package manager says; "all" is the architecture of those that run on any.
    static PackageTable of(std::vector<Package> packages, std::string architecture);

    /// The package of the host's own architecture (or of none), if its files are there; nullptr otherwise.
    [[nodiscard]] const Package* installed(const std::string& name) const;

    /// Packages that dpkg began with and did not end: unpacked, half-installed, half-configured.
    [[nodiscard]] std::vector<Package> unfinished() const;

    /// The architecture of the package dpkg itself; empty if the table has none.
    [[nodiscard]] const std::string& architecture() const noexcept { return architecture_; }

    [[nodiscard]] const std::map<std::string, Package>& all() const noexcept { return packages_; }

    /// dpkg keeps records of a run that was cut off (var/lib/dpkg/updates).
    bool interrupted = false;

private:
    std::map<std::string, Package> packages_;  ///< By "name:architecture".
    std::string architecture_;
};

/// Reads the database of a host, with the updates that an interrupted dpkg left. not_found where there is none.
Result<PackageTable> read_packages(const Root& root);

/// One package that is not as it was; absent versions mean that its files were not, or are not, there.
struct PackageChange {
    std::string name;
    std::optional<std::string> before;
    std::optional<std::string> after;
    std::string state;
};

/// What differs between two readings, in order of names.
std::vector<PackageChange> changes_between(const PackageTable& before, const PackageTable& after);

/// "qemu-utils 1:7.2 (installed)": for lists of what is left.
std::string describe(const PackageChange& change);

}  // namespace kvmkit::setup
