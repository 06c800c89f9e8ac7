// SPDX-License-Identifier: Apache-2.0
#include "setup/seal.hpp"

#include "base/text.hpp"
#include "system/small_files.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::setup {
namespace {

/// Whether / is mounted read-only; the last line of it counts.
bool is_read_only(std::string_view mounts)
{
    bool found = false;
    for (const auto line : lines(mounts)) {
        const auto parts = words(line);
        constexpr std::size_t options = 3;
        if (parts.size() > options && parts[1] == "/") {
            const auto all = split(parts[options], ',');
            found = std::ranges::find(all, "ro") != all.end();
        }
    }
    return found;
}

/// By their names, for images that do not run.
bool is_of_micro(std::string_view os_release)
{
    constexpr std::string_view id = "ID=";
    for (const auto line : lines(os_release)) {
        if (line.starts_with(id)) {
            return line.find("micro") != std::string_view::npos || line.find("aeon") != std::string_view::npos ||
                   line.find("kalpa") != std::string_view::npos;
        }
    }
    return false;
}

}  // namespace

std::optional<Seal> find_seal(const Root& root)
{
    // The repository alone is in containers, too, from which such images are built: there packages are installed.
    const std::string booted = "run/ostree-booted";
    const std::string repository = "sysroot/ostree/repo";
    const bool at_rest = !root.is_this_host() && root.exists(repository);
    if (root.exists(booted) || at_rest) {
        return Seal{"this host's system is an image of rpm-ostree",
                    root.exists(booted) ? booted : repository,
                    "rpm-ostree install"};
    }
    const std::string program = "usr/sbin/transactional-update";
    const auto named = text_or_nothing(root, "etc/os-release") + text_or_nothing(root, "usr/lib/os-release");
    if (root.exists(program) && (is_of_micro(named) || is_read_only(text_or_nothing(root, "proc/mounts")))) {
        return Seal{"this host's system is a snapshot that is read-only", program, "transactional-update pkg install"};
    }
    return std::nullopt;
}

Error refusal_of(const Seal& seal, const std::vector<std::string>& packages)
{
    return {
        ErrorCode::refused,
        fmt::format("refused to install packages: {} (/{}: there)", seal.name, seal.path),
        fmt::format("{} {}; after a reboot, host-setup apply does the rest", seal.command, fmt::join(packages, " "))};
}

}  // namespace kvmkit::setup
