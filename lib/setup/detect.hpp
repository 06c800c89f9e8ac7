// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "setup/distribution.hpp"
#include "system/root.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::setup {

/// What starts the services of a host; of an image: what would.
enum class Init { systemd, openrc, upstart, other, none };

/// How libvirt's daemon is made up: one libvirtd, or one daemon for each driver.
enum class LibvirtMode { monolithic, modular, both };

std::string_view word(Init init) noexcept;
std::string_view word(LibvirtMode mode) noexcept;

/// One thing that was looked at, and what was found there.
struct Evidence {
    std::string about;  ///< "distribution", "package-manager", "init", "libvirt", "refusal"
    std::string path;   ///< "/etc/os-release"
    std::string found;  ///< "ID=debian ID_LIKE= VERSION_ID=12"
};

/// What kind of host this is, for host-setup's purposes.
struct Detection {
    std::optional<Distribution> distribution;  ///< Absent: not known here; `refusal` says why.
    Init init = Init::none;
    std::optional<LibvirtMode> libvirt;  ///< Absent: not installed, and nothing says which will come.
    bool libvirt_installed = false;
    std::vector<std::string> notes;
    std::vector<Evidence> evidence;
    std::optional<Error> refusal;  ///< Why apply would refuse.

    [[nodiscard]] bool served() const { return !refusal.has_value(); }
};

/// Looks at files alone, so that it serves images and recorded hosts as well. `catalogue` is as Wanted has it. Needs no
/// privilege.
Detection detect(const Root& root, const std::string& catalogue);

}  // namespace kvmkit::setup
