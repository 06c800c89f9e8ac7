// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "setup/service.hpp"
#include "setup/step.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <string>

namespace kvmkit::setup {

/// Whether ServiceControl can tell this manager what to do.
bool is_controlled(Manager manager) noexcept;

/// What libvirt's daemon is called by a manager: "libvirtd.service" by systemd, "libvirtd" by all others.
std::string libvirtd_of(Manager manager);

/// What UnitState::unit_file says of a script of sysvinit that no runlevel has a link to.
inline constexpr std::string_view unlinked_script = "unlinked";

/// The services of a host, asked for and changed in the words of what starts them: systemd, OpenRC or sysvinit.
class ServiceControl {
public:
    /// `image`: nothing runs in it, and files tell all.
    ServiceControl(Runner& runner, const Root& root, bool image);

    /// A service that is not there is "not-found", not an error.
    [[nodiscard]] Result<UnitState> state(const std::string& unit) const;

    /// Makes it. What takes back, and what is only to be done `if_enabled`, does nothing where there is no such
    /// service; taking back what was never made does nothing.
    [[nodiscard]] Result<void> make(const ChangeUnit& change) const;

    [[nodiscard]] Manager manager() const noexcept { return manager_; }

private:
    [[nodiscard]] bool is_left_out(const ChangeUnit& change) const;
    [[nodiscard]] bool is_taken_back(const ChangeUnit& change, const UnitState& unit) const;

    Runner& runner_;
    const Root& root_;
    bool image_;
    Manager manager_;
};

}  // namespace kvmkit::setup
