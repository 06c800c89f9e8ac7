// SPDX-License-Identifier: Apache-2.0
#include "setup/step.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <nlohmann/json.hpp>

namespace kvmkit::setup {
namespace {

using Json = nlohmann::json;

/// In the order of the variant.
constexpr std::array<std::string_view, std::variant_size_v<Step>> kinds{
    "refresh-lists",    "install-packages", "load-module",     "unload-module",   "set-file",       "make-device",
    "remove-device",    "add-group",        "remove-group",    "add-member",      "remove-member",  "grant-device",
    "set-device-owner", "change-unit",      "prove-libvirt",   "refresh-on-undo", "reload-on-undo", "prove-sources",
    "reload-service",   "prove-root-login", "finish-packages", "remove-packages", "hold-libvirt",   "release-libvirt",
    "move-network",     "define-network",   "change-network"};

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
    for (const UnitAction action :
         {UnitAction::enable, UnitAction::disable, UnitAction::unlink, UnitAction::start, UnitAction::stop}) {
        if (word(action) == text) {
            return action;
        }
    }
    return std::nullopt;
}

constexpr std::string_view hex_digits = "0123456789abcdef";

std::string to_hex(std::string_view bytes)
{
    std::string hex;
    hex.reserve(bytes.size() * 2);
    for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        hex += hex_digits[byte >> 4U];
        hex += hex_digits[byte & 0xfU];
    }
    return hex;
}

std::string from_hex(std::string_view hex)
{
    std::string bytes;
    bytes.reserve(hex.size() / 2);
    for (std::size_t i = 0; i + 1 < hex.size(); i += 2) {
        const auto high = hex_digits.find(hex[i]) & 0xfU;
        const auto low = hex_digits.find(hex[i + 1]) & 0xfU;
        bytes += static_cast<char>(high << 4U | low);
    }
    return bytes;
}

std::vector<std::string> names_in(const Json& record, const char* field)
{
    std::vector<std::string> names;
    if (const auto found = record.find(field); found != record.end() && found->is_array()) {
        for (const Json& name : *found) {
            names.push_back(name.is_string() ? name.get<std::string>() : std::string{});
        }
    }
    return names;
}

std::optional<std::int64_t> whole_in(const Json& record, const char* name)
{
    const auto found = record.find(name);
    return found != record.end() && found->is_number_integer() ? std::optional{found->get<std::int64_t>()}
                                                               : std::nullopt;
}

SetFile file_in(const Json& record)
{
    const auto bytes = record.find("bytes");
    SetFile file{text_in(record, "path"), {}, number_in(record, "mode")};
    if (bytes != record.end() && bytes->is_string()) {
        file.bytes = bytes->get<std::string>();
    } else if (record.contains("bytes_hex")) {
        file.bytes = from_hex(text_in(record, "bytes_hex"));
    }
    if (record.contains("uid")) {
        file.owner = FileOwner{number_in(record, "uid"), number_in(record, "gid")};
    }
    file.modified_ns = whole_in(record, "modified_ns");
    file.over = text_in(record, "over");
    return file;
}

/// JSON holds no bytes that are not UTF-8, and a file of others may have any.
void put_file(Json& record, const SetFile& file)
{
    record["path"] = file.path;
    record["mode"] = file.mode;
    const bool plain = file.bytes && std::ranges::all_of(*file.bytes, [](char c) { return c >= 0; });
    if (!file.bytes || plain) {
        record["bytes"] = file.bytes ? Json(*file.bytes) : Json();
    } else {
        record["bytes_hex"] = to_hex(*file.bytes);
    }
    if (file.owner) {
        record["uid"] = file.owner->user;
        record["gid"] = file.owner->group;
    }
    if (file.modified_ns) {
        record["modified_ns"] = *file.modified_ns;
    }
    if (!file.over.empty()) {
        record["over"] = file.over;
    }
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
    if (name == "refresh-on-undo") {
        return RefreshOnUndo{};
    }
    if (name == "finish-packages") {
        return FinishPackages{};
    }
    if (name == "hold-libvirt") {
        return HoldLibvirt{};
    }
    if (name == "release-libvirt") {
        return ReleaseLibvirt{};
    }
    return name == "prove-libvirt" ? std::optional<Step>{ProveLibvirt{}} : std::nullopt;
}

/// The kinds of network.
std::optional<Step> network_step(const Json& record, std::string_view name)
{
    if (const auto range = parse_ipv4_range(text_in(record, "range")); name == "move-network" && range) {
        return MoveNetwork{*range};
    }
    if (name == "define-network") {
        return DefineNetwork{file_in(record)};
    }
    if (const auto action = read_network_action(text_in(record, "action")); name == "change-network" && action) {
        return ChangeNetwork{*action, text_in(record, "forwarding")};
    }
    return bare_step(name);
}

/// The kinds of mirror and ssh-root.
std::optional<Step> later_step(const Json& record, std::string_view name)
{
    if (name == "reload-on-undo") {
        return ReloadOnUndo{text_in(record, "unit")};
    }
    if (name == "reload-service") {
        return ReloadService{text_in(record, "unit")};
    }
    if (name == "prove-sources") {
        return ProveSources{text_in(record, "archive")};
    }
    if (name == "prove-root-login") {
        return ProveRootLogin{text_in(record, "wanted"), text_in(record, "address")};
    }
    return network_step(record, name);
}

std::optional<Step> step_in(const Json& record)
{
    const auto name = text_in(record, "kind");
    if (name == "install-packages") {
        return InstallPackages{names_in(record, "names")};
    }
    if (name == "remove-packages") {
        return RemovePackages{names_in(record, "names"), names_in(record, "purge"), record.contains("spares_vms")};
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
        return ChangeUnit{*action, text_in(record, "unit"), record.contains("if_enabled")};
    }
    return later_step(record, name);
}

}  // namespace

std::string fingerprint(const std::optional<std::string>& bytes)
{
    if (!bytes) {
        return "absent";
    }
    std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
    for (const char c : *bytes) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return fmt::format("{:016x}-{}", hash, bytes->size());
}

std::string_view kind(const Step& step) noexcept
{
    return kinds.at(step.index());
}

std::string_view word(UnitAction action) noexcept
{
    switch (action) {
        case UnitAction::enable: return "enable";
        case UnitAction::disable: return "disable";
        case UnitAction::unlink: return "unlink";
        case UnitAction::start: return "start";
        case UnitAction::stop: return "stop";
    }
    return "";
}

std::string describe(const Step& step)
{
    const Overloaded texts{
        [](const RefreshLists&) { return std::string{"refresh the package lists"}; },
        [](const InstallPackages& install) { return fmt::format("install {}", fmt::join(install.names, " ")); },
        [](const RemovePackages& remove) { return fmt::format("remove {}", fmt::join(remove.names, " ")); },
        [](const FinishPackages&) { return std::string{"finish what an interrupted dpkg began"}; },
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
        [](const RefreshOnUndo&) { return std::string{"keep apt's sources as they are, to go back to"}; },
        [](const ReloadOnUndo& reload) { return fmt::format("keep the settings of {}, to go back to", reload.unit); },
        [](const ProveSources& proof) { return fmt::format("refresh the package lists from {}", proof.archive); },
        [](const ReloadService& reload) { return fmt::format("have {} read its settings again", reload.unit); },
        [](const ProveRootLogin& proof) {
            return fmt::format("ask sshd about root from {}: {}", proof.address, proof.wanted);
        },
        [](const HoldLibvirt&) { return std::string{"keep libvirt from starting (/usr/sbin/policy-rc.d)"}; },
        [](const ReleaseLibvirt&) { return std::string{"let libvirt start again (/usr/sbin/policy-rc.d)"}; },
        [](const MoveNetwork& move) {
            return fmt::format("give libvirt's network 'default' the range {}", to_text(move.range));
        },
        [](const DefineNetwork&) { return std::string{"give libvirt's network 'default' its old definition"}; },
        [](const ChangeNetwork& change) { return std::string{phrase(change.action)}; },
    };
    return std::visit(texts, step);
}

std::string encode(const Step& step)
{
    Json record{{"kind", kind(step)}};
    const Overloaded writers{
        [](const auto& /*no fields*/) {},
        [&](const InstallPackages& install) { record["names"] = install.names; },
        [&](const RemovePackages& remove) {
            record["names"] = remove.names;
            if (!remove.purge.empty()) {
                record["purge"] = remove.purge;
            }
            if (remove.spares_vms) {
                record["spares_vms"] = true;
            }
        },
        [&](const LoadModule& module) { record["name"] = module.name; },
        [&](const UnloadModule& module) { record["name"] = module.name; },
        [&](const SetFile& file) { put_file(record, file); },
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
            if (change.if_enabled) {
                record["if_enabled"] = true;
            }
        },
        [&](const MoveNetwork& move) { record["range"] = to_text(move.range); },
        [&](const DefineNetwork& define) { put_file(record, define.file); },
        [&](const ChangeNetwork& change) {
            record["action"] = word(change.action);
            record["forwarding"] = change.forwarding;
        },
        [&](const ReloadOnUndo& reload) { record["unit"] = reload.unit; },
        [&](const ReloadService& reload) { record["unit"] = reload.unit; },
        [&](const ProveSources& proof) { record["archive"] = proof.archive; },
        [&](const ProveRootLogin& proof) {
            record["wanted"] = proof.wanted;
            record["address"] = proof.address;
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
