// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/pacman_output.hpp"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// Below, equal or above 0, as strcmp(3) does it: pacman's order of versions.
using CompareVersions = std::function<int(const std::string&, const std::string&)>;

/// Whether a package is, or provides, what "foo", "foo=1.2" or "foo>=1.2" asks for. `compare` is asked only where a
/// version is.
bool satisfies(const PacmanPackage& package, std::string_view wanted, const CompareVersions& compare);

/// The names of those packages that are there and would have to go: they are replaced by one that comes, or one of the
/// two conflicts with the other. `pacman --print` does not look for them.
std::vector<std::string> packages_to_go(const std::vector<PacmanPackage>& coming,
                                        const std::vector<PacmanPackage>& there,
                                        const CompareVersions& compare);

}  // namespace kvmkit::setup
