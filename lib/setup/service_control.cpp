// SPDX-License-Identifier: Apache-2.0
#include "setup/service_control.hpp"

#include "base/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

namespace kvmkit::setup {
namespace {

using CommandLine = std::vector<std::string>;

constexpr std::chrono::seconds patience{120};

std::vector<CommandLine> commands_of(Manager manager, const ChangeUnit& change)
{
    const std::string verb{word(change.action)};
    const bool at_boot = change.action == UnitAction::enable || change.action == UnitAction::disable;
    if (manager == Manager::openrc && at_boot) {
        return {{"rc-update", change.action == UnitAction::enable ? "add" : "del", change.unit, "default"}};
    }
    if (manager == Manager::openrc) {
        return {{"rc-service", change.unit, verb}};
    }
    if (change.action == UnitAction::unlink) {
        return {{"update-rc.d", "-f", change.unit, "remove"}};
    }
    if (manager == Manager::sysv && at_boot) {
        std::vector<CommandLine> lines{{"update-rc.d", change.unit, verb}};
        if (change.action == UnitAction::enable) {
            lines.insert(lines.begin(), {"update-rc.d", change.unit, "defaults"});  // it may have no links at all
        }
        return lines;
    }
    return manager == Manager::sysv ? std::vector<CommandLine>{{"service", change.unit, verb}}
                                    : std::vector<CommandLine>{{"systemctl", verb, change.unit}};
}

std::string look_at(Manager manager, const std::string& unit)
{
    switch (manager) {
        case Manager::openrc: return fmt::format("rc-service {} status", unit);
        case Manager::sysv: return fmt::format("service {} status", unit);
        default: return fmt::format("systemctl status {}", unit);
    }
}

std::vector<std::string> names_in(const Root& root, const std::string& folder)
{
    auto names = root.names(folder);
    return names && *names ? std::move(**names) : std::vector<std::string>{};
}

/// Whether an image's files have systemd start the unit at boot.
bool is_wanted(const Root& root, const std::string& unit)
{
    const std::string folder = "etc/systemd/system";
    return std::ranges::any_of(names_in(root, folder), [&](const std::string& name) {
        const auto link = fmt::format("{}/{}/{}", folder, name, unit);
        const bool group = name.ends_with(".wants") || name.ends_with(".requires");
        const auto target = group ? root.link_target(link) : Fact<std::string>{std::nullopt};
        return target && *target;
    });
}

UnitState unit_by_files(const Root& root, const std::string& unit)
{
    UnitState state{.load = "not-found", .active = "inactive", .unit_file = {}};
    const auto masked = root.link_target("etc/systemd/system/" + unit);
    if (masked && *masked == "/dev/null") {
        state.load = "masked";
        state.unit_file = "masked";
        return state;
    }
    for (const char* folder : {"etc/systemd/system/", "usr/lib/systemd/system/", "lib/systemd/system/"}) {
        if (root.exists(folder + unit)) {
            state.load = "loaded";
            state.unit_file = is_wanted(root, unit) ? "enabled" : "disabled";
            break;
        }
    }
    return state;
}

/// The runlevel that enabling and disabling is about.
bool in_default_runlevel(const Root& root, const std::string& script)
{
    return root.exists("etc/runlevels/default/" + script);
}

bool in_a_runlevel(const Root& root, const std::string& script)
{
    const auto levels = names_in(root, "etc/runlevels");
    return std::ranges::any_of(levels, [&](const std::string& level) {
        return root.exists(fmt::format("etc/runlevels/{}/{}", level, script));
    });
}

/// "S03libvirtd" of libvirtd, which is started there; "K01libvirtd", which is stopped.
bool leads_to(std::string_view link, const std::string& script)
{
    constexpr std::size_t prefix = 3;
    return link.size() == prefix + script.size() && (link.front() == 'S' || link.front() == 'K') &&
           std::isdigit(static_cast<unsigned char>(link[1])) != 0 && link.ends_with(script);
}

std::string_view in_sysv_levels(const Root& root, const std::string& script)
{
    std::string_view found = unlinked_script;
    for (const std::string_view level : {"0", "1", "2", "3", "4", "5", "6", "S"}) {
        const bool serves = level >= "2" && level <= "5";
        for (const std::string& link : names_in(root, fmt::format("etc/rc{}.d", level))) {
            if (!leads_to(link, script)) {
                continue;
            }
            if (serves && link.front() == 'S') {
                return "enabled";
            }
            found = "disabled";
        }
    }
    return found;
}

}  // namespace

bool is_controlled(Manager manager) noexcept
{
    return manager == Manager::systemd || manager == Manager::openrc || manager == Manager::sysv;
}

std::string libvirtd_of(Manager manager)
{
    return manager == Manager::openrc || manager == Manager::sysv ? "libvirtd" : "libvirtd.service";
}

ServiceControl::ServiceControl(Runner& runner, const Root& root, bool image)
    : runner_(runner), root_(root), image_(image), manager_(image ? installed_manager(root) : detect_manager(root))
{
}

Result<UnitState> ServiceControl::state(const std::string& unit) const
{
    const bool openrc = manager_ == Manager::openrc;
    if (!openrc && manager_ != Manager::sysv) {
        return image_ ? Result<UnitState>{unit_by_files(root_, unit)} : unit_state(runner_, unit);
    }
    if (!root_.exists("etc/init.d/" + unit)) {
        return UnitState{.load = "not-found", .active = "inactive", .unit_file = {}};
    }
    const std::string_view openrcs = in_a_runlevel(root_, unit) ? "enabled" : "disabled";
    UnitState state{.load = "loaded",
                    .active = "inactive",
                    .unit_file = std::string{openrc ? openrcs : in_sysv_levels(root_, unit)}};
    if (!image_) {
        const auto ended = runner_.run({.argv = {openrc ? "rc-service" : "service", unit, "status"}});
        if (!ended) {
            return ended.error();
        }
        state.active = ended->status == 0 ? "active" : "inactive";
    }
    return state;
}

/// OpenRC's and sysvinit's tools call it a failure to take back what was never done, as after a kill.
bool ServiceControl::is_taken_back(const ChangeUnit& change, const UnitState& unit) const
{
    if (change.action == UnitAction::disable) {
        return manager_ == Manager::openrc ? !in_default_runlevel(root_, change.unit)
                                           : manager_ == Manager::sysv && !unit.is_enabled();
    }
    if (change.action == UnitAction::unlink) {
        return unit.unit_file == unlinked_script;
    }
    const bool scripts = manager_ == Manager::openrc || manager_ == Manager::sysv;
    return change.action == UnitAction::stop && scripts && !unit.is_active();
}

bool ServiceControl::is_left_out(const ChangeUnit& change) const
{
    const bool undoing = change.action != UnitAction::enable && change.action != UnitAction::start;
    if (!undoing && !change.if_enabled) {
        return false;
    }
    const auto unit = state(change.unit);
    const bool starts = change.action == UnitAction::start;
    const bool not_at_boot = change.if_enabled && starts && unit && !unit->is_enabled();
    const bool closed = change.if_enabled && unit && unit->load == "masked";
    return not_at_boot || closed || (unit && (unit->load == "not-found" || is_taken_back(change, *unit)));
}

Result<void> ServiceControl::make(const ChangeUnit& change) const
{
    if (is_left_out(change)) {
        return {};
    }
    for (const CommandLine& line : commands_of(manager_, change)) {
        const auto ended = runner_.run({.argv = line, .timeout = patience});
        if (!ended) {
            return ended.error();
        }
        if (ended->status != 0) {
            return Error{ErrorCode::external,
                         fmt::format("cannot {} unit '{}': {}", word(change.action), change.unit, trim(ended->err)),
                         fmt::format("look at: {}", look_at(manager_, change.unit))};
        }
    }
    return {};
}

}  // namespace kvmkit::setup
