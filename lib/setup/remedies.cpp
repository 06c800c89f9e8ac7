// SPDX-License-Identifier: Apache-2.0
#include "setup/remedies.hpp"

#include "base/printable.hpp"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace kvmkit::setup {
namespace {

using Json = nlohmann::json;

constexpr const char* schema = "kvmkit.kvm-check.run/1";
constexpr const char* make_anew = "kvm-check run --json | host-setup apply --from -";

struct Row {
    std::string_view check;
    Component component;
    bool on_request = false;  ///< A host without it is well.
};

constexpr std::array rows{Row{"kvm.module", Component::modules},
                          Row{"kvm.device", Component::modules},
                          Row{"kvm.access", Component::modules},
                          Row{"kvm.access_persistent", Component::modules},
                          Row{"libvirt.qemu_access", Component::modules},
                          Row{"libvirt.service", Component::services},
                          Row{"libvirt.default_net", Component::network},
                          Row{"libvirt.group", Component::groups, true},
                          Row{"nested.param", Component::nested, true},
                          Row{"qemu.binary", Component::hypervisor},
                          Row{"qemu.firmware", Component::guest_images}};

/// The checks that `selection` of the record names.
std::vector<std::string> asked_for(const Json& record)
{
    std::vector<std::string> names;
    for (const char* list : {"only", "require"}) {
        for (const Json& name : record.at("selection").at(list)) {
            names.push_back(name.get<std::string>());
        }
    }
    return names;
}

/// A record may come from anybody: nothing in it orders the terminal about.
std::string shown(const Json& text)
{
    constexpr std::size_t longest = 2000;
    return printable(text.get<std::string>(), longest);
}

/// Throws nlohmann's exceptions where something is missing or of another type.
CheckedHost checked_host_in(const Json& record)
{
    const auto text = [](const Json& value) { return value.is_null() ? std::string{} : shown(value); };
    const Json& host = record.at("host");
    CheckedHost checked;
    checked.host.machine = text(host.at("machine"));
    checked.host.boot = text(host.at("boot"));
    checked.host.kernel = text(host.at("kernel"));
    const auto names = asked_for(record);
    for (const Json& check : record.at("checks")) {
        const auto status = check.at("status").get<std::string>();
        const Json& remedy = check.at("remedy");
        if ((status != "fail" && status != "warn") || remedy.is_null()) {
            continue;
        }
        const auto id = shown(check.at("id"));
        std::vector<std::string> commands;
        for (const Json& command : remedy.at("commands")) {
            commands.push_back(shown(command));
        }
        checked.remedies.push_back({id,
                                    shown(remedy.at("summary")),
                                    std::move(commands),
                                    shown(remedy.at("where")),
                                    std::ranges::find(names, id) != names.end()});
    }
    return checked;
}

/// What to do of which host-setup does nothing: "load it (modprobe kvm)".
std::string by_hand(const Remedied& remedy)
{
    return remedy.commands.empty() ? remedy.summary
                                   : fmt::format("{}: {}", remedy.summary, fmt::join(remedy.commands, " && "));
}

std::optional<Component> component_for(const Remedied& remedy, bool has_user)
{
    const auto* row = std::ranges::find(rows, remedy.check, &Row::check);
    if (row == rows.end() || remedy.where != "this-host" || (row->on_request && !remedy.asked_for)) {
        return std::nullopt;
    }
    const bool nobody = row->component == Component::groups && !has_user;
    return nobody ? std::nullopt : std::optional{row->component};
}

std::string quoted(const std::string& text)
{
    return text.empty() ? "none" : text;
}

}  // namespace

Result<CheckedHost> read_checked_host(const std::string& text)
{
    const auto record = Json::parse(text, nullptr, false);
    const auto named = record.is_object() ? record.find("schema") : record.end();
    if (named == record.end() || *named != schema) {
        return Error{ErrorCode::usage,
                     fmt::format("cannot read what kvm-check found: this is no record of kvm-check run ({})", schema),
                     make_anew};
    }
    try {
        return checked_host_in(record);
    } catch (const Json::exception&) {
        return Error{
            ErrorCode::usage,
            "cannot read what kvm-check found: something is missing in the record, or another version wrote it",
            make_anew};
    }
}

Result<void> check_same_boot(const MachineMark& recorded, const MachineMark& here)
{
    const auto refused = [](std::string why) {
        return Error{
            ErrorCode::refused, fmt::format("refused to apply what kvm-check found: {}", std::move(why)), make_anew};
    };
    if (recorded.boot.empty()) {
        return refused("the record is of a recorded host, and not of a running one");
    }
    if (recorded.machine != here.machine) {
        return refused(
            fmt::format("it is of another host: machine {}, here {}", quoted(recorded.machine), quoted(here.machine)));
    }
    if (recorded.boot != here.boot) {
        return refused(
            fmt::format("it is of another boot, or host: boot {}, here {}", recorded.boot, quoted(here.boot)));
    }
    return {};
}

Remedying components_for(const CheckedHost& checked, bool has_user)
{
    Remedying remedying;
    for (const Remedied& remedy : checked.remedies) {
        if (const auto component = component_for(remedy, has_user)) {
            remedying.components.insert(*component);
            remedying.notes.push_back(fmt::format("{}: component {}", remedy.check, word(*component)));
        } else {
            remedying.notes.push_back(fmt::format("{} is not host-setup's to mend{}: {}",
                                                  remedy.check,
                                                  remedy.where == "this-host" ? "" : ", and not on this host",
                                                  by_hand(remedy)));
        }
    }
    return remedying;
}

}  // namespace kvmkit::setup
