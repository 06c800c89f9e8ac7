// SPDX-License-Identifier: Apache-2.0
#include "net/planner/codec.hpp"

#include "net/model/overloaded.hpp"

#include <stdexcept>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::net {
namespace {

using Json = nlohmann::json;

Json to_json(const std::optional<std::uint32_t>& number)
{
    return number ? Json(*number) : Json();
}

Json to_json(const BridgeOptions& options)
{
    Json list = Json::array();
    for (const BridgeOption& option : options) {
        list.push_back({option.type, std::vector<std::uint8_t>(option.bytes.begin(), option.bytes.end())});
    }
    return list;
}

Json fields_of(const Action& action)
{
    const Overloaded fields{
        [](const CreateBridge& s) {
            return Json{{"name", s.name.str()},
                        {"mac", s.mac.str()},
                        {"mark", s.mark},
                        {"mtu", to_json(s.mtu)},
                        {"options", to_json(s.options)}};
        },
        [](const DeleteBridge& s) {
            return Json{{"name", s.name.str()}};
        },
        [](const Attach& s) {
            return Json{{"port", s.port.str()}, {"bridge", s.bridge.str()}};
        },
        [](const Release& s) {
            return Json{{"port", s.port.str()}, {"bridge", s.bridge.str()}};
        },
        [](const SwitchUp& s) {
            return Json{{"name", s.name.str()}, {"group", to_json(s.group)}};
        },
        [](const SwitchDown& s) {
            return Json{{"name", s.name.str()}, {"group", to_json(s.group)}};
        },
        [](const SetMtu& s) {
            return Json{{"name", s.name.str()}, {"mtu", s.mtu}};
        },
        [](const AddAddress& s) {
            return Json{{"name", s.name.str()}, {"address", s.address.str()}};
        },
        [](const RemoveAddress& s) {
            return Json{{"name", s.name.str()}, {"address", s.address.str()}};
        },
    };
    return std::visit(fields, action);
}

/// Reads the fields of one journalled step. Throws Json::exception or invalid_argument on what encode() never writes.
class Reader {
public:
    explicit Reader(const Json& json) : json_(json) {}

    [[nodiscard]] LinkName name(const char* key) const { return LinkName::from_kernel(text(key)); }

    [[nodiscard]] std::uint32_t number(const char* key) const { return json_.at(key).get<std::uint32_t>(); }

    [[nodiscard]] std::optional<std::uint32_t> maybe(const char* key) const
    {
        return json_.at(key).is_null() ? std::nullopt : std::optional{number(key)};
    }

    [[nodiscard]] MacAddress mac() const { return sound(MacAddress::parse(text("mac"))); }

    [[nodiscard]] InterfaceAddress address() const { return sound(InterfaceAddress::parse(text("address"))); }

    [[nodiscard]] BridgeOptions options() const
    {
        BridgeOptions options;
        for (const Json& pair : json_.at("options")) {
            const auto bytes = pair.at(1).get<std::vector<std::uint8_t>>();
            options.push_back({pair.at(0).get<std::uint16_t>(), std::string(bytes.begin(), bytes.end())});
        }
        return options;
    }

private:
    [[nodiscard]] std::string text(const char* key) const { return json_.at(key).get<std::string>(); }

    template <class T>
    static T sound(Result<T> read)
    {
        if (!read) {
            throw std::invalid_argument{read.error().message};
        }
        return std::move(*read);
    }

    const Json& json_;
};

Action action_from(std::string_view action, const Reader& in)
{
    if (action == "create-bridge") {
        return CreateBridge{in.name("name"), in.mac(), in.number("mark"), in.maybe("mtu"), in.options()};
    }
    if (action == "delete-bridge") {
        return DeleteBridge{in.name("name")};
    }
    if (action == "attach") {
        return Attach{in.name("port"), in.name("bridge")};
    }
    if (action == "release") {
        return Release{in.name("port"), in.name("bridge")};
    }
    if (action == "switch-up") {
        return SwitchUp{in.name("name"), in.maybe("group")};
    }
    if (action == "switch-down") {
        return SwitchDown{in.name("name"), in.maybe("group")};
    }
    if (action == "set-mtu") {
        return SetMtu{in.name("name"), in.number("mtu")};
    }
    if (action == "add-address") {
        return AddAddress{in.name("name"), in.address()};
    }
    if (action == "remove-address") {
        return RemoveAddress{in.name("name"), in.address()};
    }
    throw std::invalid_argument{fmt::format("unknown action '{}'", action)};
}

Error unreadable(std::string_view why)
{
    return {ErrorCode::external, fmt::format("cannot read a journalled step: {}", why)};
}

Json guard_to_json(const std::optional<Guard>& guard)
{
    if (!guard) {
        return {};
    }
    return {{"index", guard->index},
            {"mark", guard->mark},
            {"master", guard->master ? Json(guard->master->str()) : Json()}};
}

std::optional<Guard> guard_from(const Json& json)
{
    if (json.is_null()) {
        return std::nullopt;
    }
    Guard guard{json.at("index").get<int>(), json.at("mark").get<std::uint32_t>()};
    if (!json.at("master").is_null()) {
        guard.master = LinkName::from_kernel(json.at("master").get<std::string>());
    }
    return guard;
}

}  // namespace

std::string encode(const Step& step)
{
    const Json line{{"action", word(step.action)}, {"of", fields_of(step.action)}, {"if", guard_to_json(step.guard)}};
    return line.dump(-1, ' ', true, Json::error_handler_t::replace);
}

Result<Step> decode(std::string_view text)
{
    try {
        const Json line = Json::parse(text);
        const Reader fields{line.at("of")};
        return Step{action_from(line.at("action").get<std::string>(), fields), guard_from(line.at("if"))};
    } catch (const Json::exception& problem) {
        return unreadable(problem.what());
    } catch (const std::invalid_argument& problem) {
        return unreadable(problem.what());
    }
}

}  // namespace kvmkit::net
