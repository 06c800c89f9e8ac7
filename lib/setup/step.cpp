// SPDX-License-Identifier: Apache-2.0
#include "setup/step.hpp"

#include <array>
#include <initializer_list>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace kvmkit::setup {
namespace {

using Json = nlohmann::json;

/// In the order of the variant.
constexpr std::array<std::string_view, std::variant_size_v<Step>> kinds{"refresh-lists",
                                                                        "install-packages",
                                                                        "load-module",
                                                                        "unload-module",
                                                                        "set-file",
                                                                        "make-device",
                                                                        "remove-device",
                                                                        "add-group",
                                                                        "remove-group",
                                                                        "add-member",
                                                                        "remove-member",
                                                                        "grant-device",
                                                                        "set-device-owner",
                                                                        "change-unit",
                                                                        "prove-libvirt"};

template <class... Fs>
struct Overloaded : Fs... {
    using Fs::operator()...;
};
template <class... Fs>
Overloaded(Fs...) -> Overloaded<Fs...>;

/// A field's text, or nothing if it is missing or of another type: the journal is read without exceptions.
std::string text_in(const Json& record, const char* name)
{
    const auto found = record.find(name);
    return found != record.end() && found->is_string() ? found->get<std::string>() : std::string{};
}

unsigned number_in(const Json& record, const char* name)
{
    const auto found = record.find(name);
    return found != record.end() && found->is_number_unsigned() ? found->get<unsigned>() : 0U;
}

std::optional<UnitAction> read_action(std::string_view text)
{
    for (const UnitAction action : {UnitAction::enable, UnitAction::disable, UnitAction::start, UnitAction::stop}) {
        if (word(action) == text) {
            return action;
        }
    }
    return std::nullopt;
}

std::vector<std::string> names_in(const Json& record)
{
    std::vector<std::string> names;
    if (const auto found = record.find("names"); found != record.end() && found->is_array()) {
        for (const Json& name : *found) {
            names.push_back(name.is_string() ? name.get<std::string>() : std::string{});
        }
    }
    return names;
}

SetFile file_in(const Json& record)
{
    const auto bytes = record.find("bytes");
    const bool there = bytes != record.end() && bytes->is_string();
    return {text_in(record, "path"),
            there ? std::optional{bytes->get<std::string>()} : std::nullopt,
            number_in(record, "mode")};
}

void put_member(Json& record, const std::string& user, const std::string& group)
{
    record["user"] = user;
    record["group"] = group;
}

/// The kinds that are told by their name alone.
std::optional<Step> bare_step(std::string_view name)
{
    if (name == "refresh-lists") {
        return RefreshLists{};
    }
    if (name == "make-device") {
        return MakeDevice{};
    }
    if (name == "remove-device") {
        return RemoveDevice{};
    }
    if (name == "grant-device") {
        return GrantDevice{};
    }
    return name == "prove-libvirt" ? std::optional<Step>{ProveLibvirt{}} : std::nullopt;
}

std::optional<Step> step_in(const Json& record)
{
    const auto name = text_in(record, "kind");
    if (name == "install-packages") {
        return InstallPackages{names_in(record)};
    }
    if (name == "load-module") {
        return LoadModule{text_in(record, "name")};
    }
    if (name == "unload-module") {
        return UnloadModule{text_in(record, "name")};
    }
    if (name == "set-file") {
        return file_in(record);
    }
    if (name == "add-group") {
        return AddGroup{text_in(record, "name")};
    }
    if (name == "remove-group") {
        return RemoveGroup{text_in(record, "name")};
    }
    if (name == "add-member") {
        return AddMember{text_in(record, "user"), text_in(record, "group")};
    }
    if (name == "remove-member") {
        return RemoveMember{text_in(record, "user"), text_in(record, "group")};
    }
    if (name == "set-device-owner") {
        return SetDeviceOwner{number_in(record, "group"), number_in(record, "mode")};
    }
    if (const auto action = read_action(text_in(record, "action")); name == "change-unit" && action) {
        return ChangeUnit{*action, text_in(record, "unit")};
    }
    return bare_step(name);
}

}  // namespace

std::string_view kind(const Step& step) noexcept
{
    return kinds.at(step.index());
}

std::string_view word(UnitAction action) noexcept
{
    switch (action) {
        case UnitAction::enable: return "enable";
        case UnitAction::disable: return "disable";
        case UnitAction::start: return "start";
        case UnitAction::stop: return "stop";
    }
    return "";
}

std::string describe(const Step& step)
{
    const Overloaded texts{
        [](const RefreshLists&) { return std::string{"refresh apt's package lists"}; },
        [](const InstallPackages& install) { return fmt::format("install {}", fmt::join(install.names, " ")); },
        [](const LoadModule& module) { return fmt::format("load module {}", module.name); },
        [](const UnloadModule& module) { return fmt::format("unload module {}", module.name); },
        [](const SetFile& file) { return fmt::format("{} /{}", file.bytes ? "write" : "remove", file.path); },
        [](const MakeDevice&) { return std::string{"make the node /dev/kvm (character device 10:232)"}; },
        [](const RemoveDevice&) { return std::string{"remove the node /dev/kvm"}; },
        [](const AddGroup& group) { return fmt::format("make group {}", group.name); },
        [](const RemoveGroup& group) { return fmt::format("remove group {}", group.name); },
        [](const AddMember& member) { return fmt::format("put {} into group {}", member.user, member.group); },
        [](const RemoveMember& member) { return fmt::format("take {} out of group {}", member.user, member.group); },
        [](const GrantDevice&) { return std::string{"open /dev/kvm to group kvm (mode 0660)"}; },
        [](const SetDeviceOwner& owner) {
            return fmt::format("give /dev/kvm back to group {} (mode {:04o})", owner.group, owner.mode);
        },
        [](const ChangeUnit& change) { return fmt::format("{} {}", word(change.action), change.unit); },
        [](const ProveLibvirt&) { return std::string{"wait for libvirt to answer"}; },
    };
    return std::visit(texts, step);
}

std::string encode(const Step& step)
{
    Json record{{"kind", kind(step)}};
    const Overloaded writers{
        [](const auto& /*no fields*/) {},
        [&](const InstallPackages& install) { record["names"] = install.names; },
        [&](const LoadModule& module) { record["name"] = module.name; },
        [&](const UnloadModule& module) { record["name"] = module.name; },
        [&](const SetFile& file) {
            record["path"] = file.path;
            record["bytes"] = file.bytes ? Json(*file.bytes) : Json();
            record["mode"] = file.mode;
        },
        [&](const AddGroup& group) { record["name"] = group.name; },
        [&](const RemoveGroup& group) { record["name"] = group.name; },
        [&](const AddMember& member) { put_member(record, member.user, member.group); },
        [&](const RemoveMember& member) { put_member(record, member.user, member.group); },
        [&](const SetDeviceOwner& owner) {
            record["group"] = owner.group;
            record["mode"] = owner.mode;
        },
        [&](const ChangeUnit& change) {
            record["action"] = word(change.action);
            record["unit"] = change.unit;
        },
    };
    std::visit(writers, step);
    return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Result<Step> decode(std::string_view text)
{
    const Json record = Json::parse(text, nullptr, false);
    auto step = record.is_object() ? step_in(record) : std::nullopt;
    if (!step) {
        return Error{ErrorCode::external, fmt::format("cannot read step '{}' of a journal: no such kind", text)};
    }
    return std::move(*step);
}

}  // namespace kvmkit::setup
