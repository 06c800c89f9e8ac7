// SPDX-License-Identifier: Apache-2.0
#include "render.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace kvmkit::host_setup {

using cli::Json;

Json text_or_null(const std::optional<std::string>& text)
{
    return text ? Json(*text) : Json();
}

Json host_record(const setup::Host& host)
{
    const setup::Distribution& distribution = host.distribution;
    return {{"distribution", distribution.id},
            {"version", distribution.version.empty() ? Json() : Json(distribution.version)},
            {"name", distribution.name},
            {"family", word(distribution.family)},
            {"suite", distribution.suite},
            {"architecture", host.architecture},
            {"live", host.live}};
}

Json service_record(const setup::ServiceState& service)
{
    return {{"manager", word(service.manager)},
            {"unit", service.unit.empty() ? Json() : Json(service.unit)},
            {"state", word(service.daemon)},
            {"enabled", service.enabled}};
}

Json device_record(const setup::KvmDevice& device)
{
    return {{"present", device.present},
            {"open_to_group", device.open_to_group()},
            {"mode", device.present ? Json(fmt::format("{:04o}", device.mode)) : Json()},
            {"gid", device.present ? Json(device.owner_group) : Json()},
            {"kvm_gid", device.kvm_group ? Json(*device.kvm_group) : Json()}};
}

Json network_record(const setup::NetworkSurroundings& surroundings)
{
    if (!surroundings.network || !*surroundings.network) {
        return {};
    }
    const auto& network = **surroundings.network;
    return {{"range", to_text(network.range)},
            {"bridge", network.bridge},
            {"autostart", network.autostart},
            {"active", network.active}};
}

Json price_record(const std::optional<setup::Price>& price)
{
    if (!price) {
        return {};
    }
    Json install = Json::array();
    for (const auto& package : price->install) {
        install.push_back({{"name", package.name}, {"version", package.version}});
    }
    return {{"download", price->download.count()},
            {"disk", price->disk.count()},
            {"install", std::move(install)},
            {"remove", price->remove}};
}

Json components_record(const setup::Components& components)
{
    Json names = Json::array();
    for (const auto component : components) {
        names.push_back(word(component));
    }
    return names;
}

Json steps_record(const std::vector<setup::Step>& steps)
{
    Json records = Json::array();
    for (const setup::Step& step : steps) {
        records.push_back({{"kind", kind(step)}, {"text", describe(step)}});
    }
    return records;
}

Json root_login_record(const setup::RootLoginDone& done)
{
    return {{"changed", !done.steps.empty()},
            {"transaction", done.transaction.empty() ? Json() : Json(done.transaction)},
            {"steps", steps_record(done.steps)},
            {"notes", done.notes}};
}

std::string title(const setup::Host& host)
{
    return fmt::format("{}, {}", host.distribution.name, host.architecture);
}

void print_notes(const cli::Console& console, const std::vector<std::string>& notes)
{
    for (const std::string& note : notes) {
        console.out << paint("note: ", cli::Colour::yellow, console.out_colour) << note << '\n';
    }
}

void print_reboot(const cli::Console& console, const std::vector<std::string>& reasons)
{
    for (const std::string& reason : reasons) {
        console.out << paint("reboot needed: ", cli::Colour::yellow, console.out_colour) << reason << '\n';
    }
}

void print_plan(const cli::Console& console, const setup::Plan& plan, const std::optional<setup::Price>& price)
{
    if (plan.steps.empty()) {
        console.out << "nothing to do\n";
    } else {
        console.out << "would:\n";
    }
    for (const setup::Step& step : plan.steps) {
        console.out << "  " << describe(step) << '\n';
    }
    if (price) {
        console.out << fmt::format("{} packages with all they need: {} to fetch, {} on disk, {} to remove{}{}\n",
                                   price->install.size(),
                                   human(price->download),
                                   human(price->disk),
                                   price->remove.size(),
                                   price->remove.empty() ? "" : ": ",
                                   fmt::join(price->remove, " "));
    }
    print_notes(console, plan.notes);
    print_reboot(console, plan.reboot);
}

}  // namespace kvmkit::host_setup
