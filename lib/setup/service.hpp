// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "setup/distribution.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"

#include <filesystem>
#include <string>
#include <string_view>

namespace kvmkit::setup {

/// What starts services on the host.
enum class Manager {
    systemd,
    openrc,
    sysv,   ///< sysvinit with update-rc.d.
    other,  ///< runit, Upstart: told by hand.
    none,
};

/// How libvirt's daemon stands.
enum class Daemon {
    running,
    stopped,
    not_installed,
    masked,     ///< The administrator forbade it: systemctl mask.
    forbidden,  ///< policy-rc.d forbids starts, as in container images.
    unknown,    ///< Could not tell, or not to be told from a folder.
};

std::string_view word(Manager manager) noexcept;
std::string_view word(Daemon daemon) noexcept;

struct ServiceState {
    Manager manager = Manager::none;
    Daemon daemon = Daemon::unknown;
    std::string unit = {};  ///< What is started: "libvirtd.socket"; empty where nothing can be told to start it.
    bool enabled = false;   ///< Started at boot.
    bool modular = false;   ///< The modular daemons (virtqemud) serve here; libvirtd must stay off.
};

/// What `systemctl show` says about one unit.
struct UnitState {
    std::string load;       ///< "loaded", "not-found", "masked"
    std::string active;     ///< "active", "inactive", "failed", ...
    std::string unit_file;  ///< "enabled", "disabled", "static", ...; empty if there is no file.

    [[nodiscard]] bool is_active() const { return active == "active"; }
    [[nodiscard]] bool is_enabled() const { return unit_file == "enabled" || unit_file == "enabled-runtime"; }
};

/// Reads the three properties of one unit as `systemctl show --property` prints them.
UnitState read_unit(std::string_view text);

/// Asks systemd. A unit that does not exist is "not-found", not an error.
Result<UnitState> unit_state(Runner& runner, const std::string& unit);

/// Whether the administrator's /usr/sbin/policy-rc.d lets a service be started. True where there is none.
bool policy_allows_start(const Root& root, Runner& runner, const std::string& service);

/// Which manager runs; asks nothing but the file tree.
Manager detect_manager(const Root& root);

/// Which manager an image is started by, by its files.
Manager installed_manager(const Root& root);

/// Whether the packages of a release bring libvirt's modular daemons: their presets start these, and not libvirtd.
bool comes_modular(const Distribution& distribution) noexcept;

/// How libvirt's daemon stands on this host; of an image, whether it is started at boot. Of a recording nothing.
ServiceState observe_service(const Root& root, Runner& runner, const Distribution& distribution, bool image = false);

/// Where libvirt listens, below a host's root.
constexpr const char* libvirt_socket = "run/libvirt/libvirt-sock";

/// Opens libvirt's socket and asks which authentication it wants: the one question that every libvirtd answers before
/// anything else. Proves a daemon that is alive behind the socket, not only systemd listening for it.
Result<void> ask_libvirt(const std::filesystem::path& socket, const Deadline& deadline);

/// The same of a daemon that was just started and opens its socket itself: asks until it answers.
Result<void> await_libvirt(const std::filesystem::path& socket, const Deadline& deadline);

/// Whether libvirt drives QEMU: a daemon without that driver answers on its socket all the same. Asked of virsh, and
/// not at all where there is none.
Result<void> prove_qemu_driver(Runner& runner);

}  // namespace kvmkit::setup
