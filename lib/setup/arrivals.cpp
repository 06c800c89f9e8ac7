// SPDX-License-Identifier: Apache-2.0
#include "setup/arrivals.hpp"

#include "system/files.hpp"
#include "system/root.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace kvmkit::setup {
namespace {

using Json = nlohmann::json;
using How = Arrival::How;

constexpr const char* file_name = "packages.json";
constexpr std::size_t largest_file = 8U << 20U;

constexpr std::array ways{
    std::pair{How::added, "added"}, std::pair{How::over_settings, "over-settings"}, std::pair{How::changed, "changed"}};

std::optional<Arrival> arrival_of(const Package& package, const Package* before)
{
    if (!is_present(package.state)) {
        return std::nullopt;
    }
    if (before == nullptr || !is_present(before->state)) {
        const bool settings = before != nullptr && before->state == "config-files";
        return Arrival{package.name, package.version, settings ? How::over_settings : How::added};
    }
    return before->version == package.version ? std::nullopt
                                              : std::optional{Arrival{package.name, package.version, How::changed}};
}

std::optional<Arrival> read_arrival(const Json& json)
{
    const auto text = [&json](const char* name) {
        const auto found = json.is_object() ? json.find(name) : json.end();
        return found != json.end() && found->is_string() ? found->get<std::string>() : std::string{};
    };
    const auto* const way = std::ranges::find(ways, text("how"), [](const auto& each) { return each.second; });
    Arrival arrival{.name = text("name"), .version = text("version")};
    if (way == ways.end() || arrival.name.empty()) {
        return std::nullopt;
    }
    arrival.how = way->first;
    return arrival;
}

}  // namespace

void Expected::take(const Price& price)
{
    for (const PlannedPackage& package : price.install) {
        names.insert(package.name);
    }
}

void Expected::take(std::span<const Step> steps)
{
    for (const Step& step : steps) {
        if (const auto* install = std::get_if<InstallPackages>(&step)) {
            names.insert(install->names.begin(), install->names.end());
        }
    }
}

std::vector<Arrival> arrivals_between(const PackageTable& before, const PackageTable& after, const Expected& expected)
{
    std::vector<Arrival> arrivals;
    for (const auto& [key, package] : after.all()) {
        const auto earlier = before.all().find(key);
        auto arrival = arrival_of(package, earlier == before.all().end() ? nullptr : &earlier->second);
        if (!arrival) {
            continue;
        }
        if (package.architecture != after.architecture() && package.architecture != "all") {
            arrival->name = key;
        }
        if (expected.names.contains(arrival->name)) {
            arrivals.push_back(std::move(*arrival));
        }
    }
    return arrivals;
}

Result<void> keep_arrivals(const txn::Journal& journal,
                           const Expected& expected,
                           const PackageTable& before,
                           const Host& after)
{
    if (after.distribution.installer != Installer::apt) {
        return {};
    }
    auto packages = Json::array();
    for (const Arrival& arrival : arrivals_between(before, after.packages, expected)) {
        const auto* const way = std::ranges::find(ways, arrival.how, [](const auto& each) { return each.first; });
        packages.push_back({{"name", arrival.name}, {"version", arrival.version}, {"how", way->second}});
    }
    return write_atomically(
        journal.record().directory / file_name, Json{{"packages", std::move(packages)}}.dump(1) + "\n", 0600);
}

Result<std::optional<std::vector<Arrival>>> kept_arrivals(const txn::Record& record)
{
    const auto folder = Root::open(record.directory);
    const auto text = folder ? folder->read(file_name, largest_file) : Fact<std::string>{folder.error()};
    if (!text) {
        return text.error();
    }
    if (!*text) {
        return std::optional<std::vector<Arrival>>{};
    }
    const Json json = Json::parse(**text, nullptr, false);
    const auto packages = json.is_object() ? json.find("packages") : json.end();
    std::vector<Arrival> arrivals;
    if (packages != json.end() && packages->is_array()) {
        for (const Json& each : *packages) {
            auto arrival = read_arrival(each);
            if (!arrival) {
                break;
            }
            arrivals.push_back(std::move(*arrival));
        }
        if (arrivals.size() == packages->size()) {
            return std::optional{std::move(arrivals)};
        }
    }
    return Error{ErrorCode::external,
                 fmt::format("cannot read '{}': it is not as it was written", (record.directory / file_name).string()),
                 "what apt installed is told in /var/log/apt/history.log"};
}

}  // namespace kvmkit::setup
