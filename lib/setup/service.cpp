// SPDX-License-Identifier: Apache-2.0
#include "setup/service.hpp"

#include "base/text.hpp"
#include "setup/hold.hpp"

namespace kvmkit::setup {
namespace {

constexpr const char* modular_unit = "virtqemud.socket";

/// bionic's libvirt 4.0 is not started by a socket.
std::string libvirt_unit(const Distribution& distribution)
{
    const bool bionic = distribution.family == Family::ubuntu && distribution.release < 2004;
    return bionic ? "libvirtd.service" : "libvirtd.socket";
}

Daemon judge(const UnitState& service, const UnitState& listener)
{
    if (service.load == "masked" || listener.load == "masked") {
        return Daemon::masked;
    }
    if (service.load == "not-found") {
        return Daemon::not_installed;
    }
    return service.is_active() || listener.is_active() ? Daemon::running : Daemon::stopped;
}

/// Asks systemd about libvirtd, its socket and the modular daemon.
void observe_units(Runner& runner, const Distribution& distribution, ServiceState& state)
{
    const auto service = unit_state(runner, "libvirtd.service");
    const auto listener = unit_state(runner, state.unit);
    const auto modular = unit_state(runner, modular_unit);
    if (!service || !listener || !modular) {
        return;
    }
    // Units of both families are each other's conflict: what runs is asked first, and then what is started at boot.
    const bool monolithic_runs = service->is_active() || listener->is_active();
    const bool absent = service->load == "not-found";
    const bool there = modular->load != "not-found";
    const bool preset = comes_modular(distribution) && !service->is_enabled() && !listener->is_enabled();
    const bool chosen = modular->is_enabled() || (absent && there) || (preset && (absent || there));
    state.modular = modular->is_active() || (!monolithic_runs && chosen);
    if (state.modular) {
        state.unit = modular_unit;
        state.daemon = judge(*modular, *modular);
        state.enabled = modular->is_enabled();
        return;
    }
    state.daemon = judge(*service, *listener);
    state.enabled = service->is_enabled() || listener->is_enabled();
}

}  // namespace

std::string_view word(Manager manager) noexcept
{
    switch (manager) {
        case Manager::systemd: return "systemd";
        case Manager::other: return "other";
        case Manager::none: return "none";
    }
    return "";
}

std::string_view word(Daemon daemon) noexcept
{
    switch (daemon) {
        case Daemon::running: return "running";
        case Daemon::stopped: return "stopped";
        case Daemon::not_installed: return "not-installed";
        case Daemon::masked: return "masked";
        case Daemon::forbidden: return "forbidden";
        case Daemon::unknown: return "unknown";
    }
    return "";
}

UnitState read_unit(std::string_view text)
{
    UnitState unit;
    for (const auto line : lines(text)) {
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) {
            continue;
        }
        const auto name = line.substr(0, equals);
        const std::string value{line.substr(equals + 1)};
        if (name == "LoadState") {
            unit.load = value;
        } else if (name == "ActiveState") {
            unit.active = value;
        } else if (name == "UnitFileState") {
            unit.unit_file = value;
        }
    }
    return unit;
}

Result<UnitState> unit_state(Runner& runner, const std::string& unit)
{
    const auto ended =
        runner.run({.argv = {"systemctl", "show", "--property=LoadState,ActiveState,UnitFileState", unit}});
    if (!ended) {
        return ended.error();
    }
    if (ended->status != 0) {
        return Error{ErrorCode::external,
                     "cannot ask systemd about unit '" + unit + "': " + std::string{trim(ended->err)}};
    }
    return read_unit(ended->out);
}

bool policy_allows_start(const Root& root, Runner& runner, const std::string& service)
{
    const std::string program = policy_of_administrator(root);
    if (!root.exists(program)) {
        return true;
    }
    constexpr int forbidden = 101;
    const auto ended = runner.run({.argv = {"/" + program, service, "start"}});
    return !ended || ended->status != forbidden;
}

bool comes_modular(const Distribution& distribution) noexcept
{
    constexpr unsigned first_fedora = 3500;
    constexpr unsigned first_rhel = 900;
    constexpr unsigned first_suse = 1506;
    switch (distribution.family) {
        case Family::fedora: return distribution.release >= first_fedora;
        case Family::rhel: return distribution.release >= first_rhel;
        // Tumbleweed has no such number, and is newer than all that have.
        case Family::suse: return distribution.release == 0 || distribution.release >= first_suse;
        default: return false;
    }
}

Manager detect_manager(const Root& root)
{
    if (root.exists("run/systemd/system")) {
        return Manager::systemd;
    }
    return root.exists("run/openrc") || root.exists("run/runit.stopit") ? Manager::other : Manager::none;
}

ServiceState observe_service(const Root& root, Runner& runner, const Distribution& distribution)
{
    ServiceState state{.manager = detect_manager(root)};
    if (!root.is_this_host()) {
        state.manager = Manager::none;
        return state;
    }
    if (state.manager == Manager::systemd) {
        state.unit = libvirt_unit(distribution);
        observe_units(runner, distribution, state);
    } else {
        const bool there = root.exists("usr/sbin/libvirtd");
        const bool answers =
            there && ask_libvirt(std::string{"/"} + libvirt_socket, Deadline::after(std::chrono::seconds{5}));
        state.daemon = !there ? Daemon::not_installed : (answers ? Daemon::running : Daemon::stopped);
    }
    const bool may_need_start = state.daemon == Daemon::stopped || state.daemon == Daemon::not_installed;
    if (state.manager == Manager::systemd && may_need_start && !policy_allows_start(root, runner, "libvirtd")) {
        state.daemon = Daemon::forbidden;
    }
    return state;
}

}  // namespace kvmkit::setup
