// SPDX-License-Identifier: Apache-2.0
#include "net/nm/truce.hpp"

#include "net/domain.hpp"
#include "net/netlink/route_socket.hpp"
#include "net/nm/network_manager.hpp"

#include <algorithm>
#include <filesystem>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

void add(std::vector<LinkName>& names, const LinkName& name)
{
    if (std::ranges::find(names, name) == names.end()) {
        names.push_back(name);
    }
}

/// Those whose master or addresses a plan takes or gives.
std::vector<LinkName> contested(const Plan& plan)
{
    std::vector<LinkName> names;
    for (const Step& step : plan) {
        if (const auto* attach = std::get_if<Attach>(&step.action)) {
            add(names, attach->port);
        } else if (const auto* release = std::get_if<Release>(&step.action)) {
            add(names, release->port);
        } else if (const auto* handover = std::get_if<Handover>(&step.action)) {
            add(names, handover->port);
            add(names, handover->bridge);
        }
    }
    return names;
}

std::vector<LinkName> left_alone_by(const txn::Record& record)
{
    std::vector<LinkName> names;
    for (const txn::StepRecord& made : record.steps) {
        const auto step = LinkDomain::decode(made.undo);
        const auto* managed = step ? std::get_if<SetManaged>(&step->action) : nullptr;
        if (managed != nullptr && managed->managed) {
            names.push_back(managed->name);
        }
    }
    return names;
}

/// One of ours that would make the link a port again.
bool has_port_profile(const LinkName& link)
{
    const auto ending = fmt::format("-port-{}.nmconnection", link.str());
    std::error_code none;
    const std::filesystem::directory_iterator files{"/etc/NetworkManager/system-connections", none};
    return std::any_of(begin(files), end(files), [&ending](const auto& file) {
        const auto name = file.path().filename().string();
        return name.starts_with("net-setup-") && name.ends_with(ending);
    });
}

}  // namespace

Plan with_truce(Plan plan, const Network& now)
{
    const auto names = contested(plan);
    const auto manager = names.empty() ? std::nullopt : NetworkManager::reach();
    if (!manager) {
        return plan;
    }
    Plan truce;
    for (const LinkName& name : names) {
        if (find(now, name) != nullptr && manager->acts_on(name)) {
            truce.push_back({SetManaged{name, false}});
        }
    }
    truce.insert(truce.end(), std::make_move_iterator(plan.begin()), std::make_move_iterator(plan.end()));
    return truce;
}

bool has_truce(const txn::Record& record)
{
    return !left_alone_by(record).empty();
}

void renew_truce(const std::vector<LinkName>& links)
{
    const auto manager = links.empty() ? std::nullopt : NetworkManager::reach();
    if (!manager) {
        return;
    }
    for (const LinkName& link : links) {
        if (manager->acts_on(link)) {
            (void)manager->set_managed(link, false);
        }
    }
    (void)manager->reload_profiles();
}

void end_truce(const txn::Record& record)
{
    const auto names = left_alone_by(record);
    const auto manager = names.empty() ? std::nullopt : NetworkManager::reach();
    auto route = RouteSocket::open();
    const auto network = route ? route->observe() : Result<Network>{route.error()};
    if (!manager || !network) {
        return;
    }
    for (const LinkName& name : names) {
        const Link* link = find(*network, name);
        if (link != nullptr && link->master == 0 && !has_port_profile(name)) {
            (void)manager->set_managed(name, true);
        }
    }
}

}  // namespace kvmkit::net
