// SPDX-License-Identifier: Apache-2.0
#include "setup/service.hpp"

#include "base/text.hpp"
#include "setup/hold.hpp"
#include "setup/service_control.hpp"
#include "system/small_files.hpp"

#include <algorithm>
#include <initializer_list>

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
void observe_units(const ServiceControl& control, const Distribution& distribution, ServiceState& state)
{
    const auto service = control.state("libvirtd.service");
    const auto listener = control.state(state.unit);
    const auto modular = control.state(modular_unit);
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

/// Of OpenRC and sysvinit.
void observe_script(const ServiceControl& control, ServiceState& state)
{
    const auto script = control.state(state.unit);
    if (!script) {
        return;
    }
    state.daemon = judge(*script, *script);
    state.enabled = script->is_enabled();
}

bool runs_sysvinit(const Root& root)
{
    const auto first = text_or_nothing(root, "proc/1/comm");
    return trim(first) == "init" && root.exists("etc/inittab") && root.exists("usr/sbin/update-rc.d");
}

bool libvirt_answers()
{
    return ask_libvirt(std::string{"/"} + libvirt_socket, Deadline::after(std::chrono::seconds{5})).has_value();
}

}  // namespace

std::string_view word(Manager manager) noexcept
{
    switch (manager) {
        case Manager::systemd: return "systemd";
        case Manager::openrc: return "openrc";
        case Manager::sysv: return "sysvinit";
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
    if (root.exists("run/openrc")) {
        return Manager::openrc;
    }
    if (root.exists("run/runit.stopit")) {
        return Manager::other;
    }
    return runs_sysvinit(root) ? Manager::sysv : Manager::none;
}

Manager installed_manager(const Root& root)
{
    const auto any = [&root](std::initializer_list<const char*> paths) {
        return std::ranges::any_of(paths, [&root](const char* path) { return root.exists(path); });
    };
    const auto init = root.link_target("sbin/init");
    const auto first = init && *init ? **init : std::string{};
    if (first.find("openrc") != std::string::npos) {
        return Manager::openrc;
    }
    const bool other_first = any({"sbin/init"}) && first.find("systemd") == std::string::npos;
    if (!other_first && any({"usr/lib/systemd/systemd", "lib/systemd/systemd"})) {
        return Manager::systemd;
    }
    if (any({"sbin/openrc", "usr/sbin/openrc"})) {
        return Manager::openrc;
    }
    if (any({"usr/bin/runsvdir", "usr/share/upstart"})) {
        return Manager::other;
    }
    return any({"etc/inittab"}) && any({"usr/sbin/update-rc.d"}) ? Manager::sysv : Manager::none;
}

ServiceState observe_service(const Root& root, Runner& runner, const Distribution& distribution, bool image)
{
    if (!image && !root.is_this_host()) {
        return {};
    }
    const ServiceControl control{runner, root, image};
    ServiceState state{.manager = control.manager()};
    const bool there = root.exists("usr/sbin/libvirtd");
    if (state.manager == Manager::systemd) {
        state.unit = libvirt_unit(distribution);
        observe_units(control, distribution, state);
    } else if (is_controlled(state.manager)) {
        state.unit = libvirtd_of(state.manager);
        observe_script(control, state);
    } else {
        state.daemon = there ? Daemon::stopped : Daemon::not_installed;
    }
    if (image) {
        return state;
    }
    const bool by_script = is_controlled(state.manager);
    const bool asked = state.manager == Manager::systemd || !there || state.daemon == Daemon::running ||
                       (by_script && state.daemon == Daemon::not_installed);
    if (!asked && libvirt_answers()) {
        state.daemon = Daemon::running;
    }
    const bool may_need_start = state.daemon == Daemon::stopped || state.daemon == Daemon::not_installed;
    if (by_script && may_need_start && !policy_allows_start(root, runner, "libvirtd")) {
        state.daemon = Daemon::forbidden;
    }
    return state;
}

}  // namespace kvmkit::setup
