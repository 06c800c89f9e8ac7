// SPDX-License-Identifier: Apache-2.0
#include "setup/saved_plan.hpp"

#include "base/printable.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::setup {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t longest_shown = 2000;
constexpr const char* schema = "kvmkit.host-setup.saved-plan/1";

Json pairs(const std::map<std::string, std::string>& map, const char* first, const char* second)
{
    Json list = Json::array();
    for (const auto& [name, value] : map) {
        list.push_back({{first, name}, {second, value}});
    }
    return list;
}

std::map<std::string, std::string> pairs_in(const Json& list, const char* first, const char* second)
{
    std::map<std::string, std::string> map;
    for (const Json& each : list) {
        map.emplace(each.at(first).get<std::string>(), each.at(second).get<std::string>());
    }
    return map;
}

Json order_record(const SavedOrder& order)
{
    return {{"components", order.components},
            {"tutorial", order.tutorial},
            {"user", order.user.empty() ? Json() : Json(order.user)},
            {"default_network", order.default_network},
            {"mirror", order.mirror ? Json(*order.mirror) : Json()},
            {"security", order.security},
            {"repair", order.repair},
            {"allow_remove", order.allow_remove},
            {"root_login", order.root_login},
            {"root_login_from", order.root_login_from.empty() ? Json() : Json(order.root_login_from)},
            {"confirm_within", order.confirm_within}};
}

std::string text_or_empty(const Json& value)
{
    return value.is_null() ? std::string{} : value.get<std::string>();
}

SavedOrder order_in(const Json& record)
{
    SavedOrder order;
    order.components = record.at("components").get<std::vector<std::string>>();
    order.tutorial = record.at("tutorial").get<bool>();
    order.user = text_or_empty(record.at("user"));
    order.default_network = record.at("default_network").get<std::string>();
    if (const Json& mirror = record.at("mirror"); !mirror.is_null()) {
        order.mirror = mirror.get<std::string>();
    }
    order.security = record.at("security").get<bool>();
    order.repair = record.at("repair").get<bool>();
    order.allow_remove = record.at("allow_remove").get<std::vector<std::string>>();
    order.root_login = record.at("root_login").get<std::string>();
    order.root_login_from = text_or_empty(record.at("root_login_from"));
    order.confirm_within = record.at("confirm_within").get<std::string>();
    return order;
}

/// What is shown as it stands does not order the terminal about.
std::string shown(const Json& text)
{
    return printable(text.get<std::string>(), longest_shown);
}

/// Throws nlohmann's exceptions where something is missing or of another type.
SavedPlan plan_in(const Json& record)
{
    SavedPlan plan;
    plan.version = shown(record.at("version"));
    plan.made = shown(record.at("made"));
    plan.host.machine = printable(text_or_empty(record.at("host").at("machine")), longest_shown);
    plan.host.name = shown(record.at("host").at("name"));
    plan.order = order_in(record.at("order"));
    for (const Json& step : record.at("steps")) {
        plan.steps.push_back({step.at("kind").get<std::string>(),
                              step.at("text").get<std::string>(),
                              step.at("sha256").get<std::string>()});
    }
    plan.read = pairs_in(record.at("read"), "path", "seen");
    plan.asked = pairs_in(record.at("asked"), "what", "answer");
    if (const Json& price = record.at("price"); !price.is_null()) {
        plan.packages = pairs_in(price.at("install"), "name", "version");
        plan.remove = price.at("remove").get<std::vector<std::string>>();
    }
    return plan;
}

}  // namespace

std::string to_text(const SavedPlan& plan)
{
    Json steps = Json::array();
    for (const SavedStep& step : plan.steps) {
        steps.push_back({{"kind", step.kind}, {"text", step.text}, {"sha256", step.sha256}});
    }
    Json price;
    if (plan.packages) {
        price = {{"install", pairs(*plan.packages, "name", "version")}, {"remove", plan.remove}};
    }
    const Json record{
        {"schema", schema},
        {"version", plan.version},
        {"made", plan.made},
        {"host", {{"machine", plan.host.machine.empty() ? Json() : Json(plan.host.machine)}, {"name", plan.host.name}}},
        {"order", order_record(plan.order)},
        {"steps", std::move(steps)},
        {"read", pairs(plan.read, "path", "seen")},
        {"asked", pairs(plan.asked, "what", "answer")},
        {"price", std::move(price)}};
    return record.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<SavedPlan> read_saved_plan(const std::string& text)
{
    const Error other{ErrorCode::usage,
                      fmt::format("cannot read plan: this is no plan that host-setup saved ({})", schema),
                      "save one: host-setup plan -o FILE"};
    const auto record = Json::parse(text, nullptr, false);
    const auto named = record.is_object() ? record.find("schema") : record.end();
    if (named == record.end() || *named != schema) {
        return other;
    }
    try {
        return plan_in(record);
    } catch (const Json::exception&) {
        return Error{ErrorCode::usage, "cannot read plan: something is missing in it, or was edited", other.hint};
    }
}

}  // namespace kvmkit::setup
