// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "system/root.hpp"

#include <optional>
#include <string>
#include <vector>

namespace kvmkit::setup {

/// A host whose system is an image that is read-only while it runs: its package manager installs nothing there, and
/// another program makes the next image.
struct Seal {
    std::string name;     ///< "this host's system is an image of rpm-ostree"
    std::string path;     ///< Where it was seen, relative to the host's root: "run/ostree-booted"
    std::string command;  ///< What installs instead: "rpm-ostree install"
};

/// Fedora Silverblue, CoreOS and the like; openSUSE MicroOS, SLE Micro and the like. Looks at files alone.
std::optional<Seal> find_seal(const Root& root);

/// ErrorCode::refused, with what was read and what installs these packages.
Error refusal_of(const Seal& seal, const std::vector<std::string>& packages);

}  // namespace kvmkit::setup
