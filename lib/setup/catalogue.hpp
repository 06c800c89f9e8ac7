// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/distribution.hpp"
#include "system/root.hpp"

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// Packages that are asked for together. The words are those of the components.
enum class Bundle { hypervisor, tools, guest_images, desktop, modules, init_scripts };

std::string_view word(Bundle bundle) noexcept;

using Bundles = std::set<Bundle>;

/// One package that a KVM host needs, and what for.
struct Need {
    std::string capability;                      ///< "qemu": stable, stands in records.
    std::string title;                           ///< "QEMU system emulator"
    std::string package;                         ///< A real package of this release, never a virtual name; or a group.
    std::vector<std::string> alternatives = {};  ///< Any of these serves as well.
    bool verified = true;                        ///< The name was read from the release's archive.

    /// "@workstation-product-environment" of dnf, until it is known which of its packages are not there.
    [[nodiscard]] bool is_group() const { return package.starts_with('@'); }
};

/// Releases of a family: first and last, each times 100; 0 is open.
struct ReleaseSpan {
    unsigned first = 0;
    unsigned last = 0;

    [[nodiscard]] bool holds(unsigned release) const { return release >= first && (last == 0 || release <= last); }
};

/// Reads "11-", "18.04-22.04", "-9", "7" or "*". ErrorCode::usage otherwise.
Result<ReleaseSpan> parse_releases(std::string_view text);

using FamilySpans = std::map<Family, ReleaseSpan>;

/// One package that serves a capability, and where.
struct PackageRow {
    std::string package;
    std::vector<std::string> alternatives;
    std::set<std::string> architectures;  ///< In the family's own words; empty: all.
    FamilySpans on;                       ///< Where the name was read from an archive.
    FamilySpans unverified;               ///< Where it is taken from documentation.
};

struct Capability {
    std::string name;
    std::string title;
    Bundles bundles;
    std::vector<PackageRow> rows;
};

/// What an old instruction says, and what is done instead.
struct Translation {
    std::string was;
    std::string now;
    std::string why;
    FamilySpans on;  ///< Empty: everywhere.
};

/// What is called how where. A data file: share/packages.json.
struct PackageCatalogue {
    std::vector<Capability> capabilities;
    std::vector<Translation> tutorial;  ///< Of the classic walk-through for Ubuntu 14.04.
};

/// Reads a catalogue. ErrorCode::usage says what is wrong with it; `name` stands in the error.
Result<PackageCatalogue> read_catalogue(std::string_view json, const std::string& name);

/// What the host has: capabilities of its etc/kvmkit/packages.json in place of those of the same name in the file that
/// came with the program, or else in what is built in.
Result<PackageCatalogue> load_catalogue(const Root& root, const std::string& shipped);

/// What bundles come to on one release.
struct Needs {
    std::vector<Need> needs;           ///< In the catalogue's order, none twice.
    std::vector<std::string> remarks;  ///< What is not to be had there; what is called how is not certain.
};

/// The packages of bundles on this release and architecture ("amd64" on Debian, "x86_64" on Fedora).
/// ErrorCode::refused where there is no emulator for the architecture, or nothing at all of what was asked for.
Result<Needs> needs_of(const PackageCatalogue& catalogue,
                       const Distribution& distribution,
                       std::string_view architecture,
                       const Bundles& bundles);

/// The classic walk-through, translated to this release: one line for each thing that is done otherwise.
std::vector<std::string> translate_tutorial(const PackageCatalogue& catalogue, const Distribution& distribution);

}  // namespace kvmkit::setup
