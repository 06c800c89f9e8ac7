// SPDX-License-Identifier: Apache-2.0
#include "net/nm/truce.hpp"

#include "base/deadline.hpp"
#include "net/domain.hpp"
#include "net/handover/rewrite.hpp"
#include "net/netlink/route_socket.hpp"
#include "net/nm/network_manager.hpp"
#include "net/nm/replaced_routes.hpp"

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <thread>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

using namespace std::chrono_literals;
constexpr auto profile_patience = 5s;
constexpr auto choice_patience = 1s;  ///< It chooses a profile as soon as it is idle, or none.
constexpr auto between_looks = 20ms;

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
        if (made.undo.find("managed") == std::string::npos) {
            continue;  // reading thousands of others takes time
        }
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

/// Until it has made of a link what one of its profiles says; not as long where it seems to have none for it.
void wait_for_profile(const NetworkManager& manager, const LinkName& link)
{
    const auto deadline = Deadline::after(profile_patience);
    auto without = Deadline::after(choice_patience);
    while (!manager.is_done_with(link) && !deadline.passed() && !without.passed()) {
        std::this_thread::sleep_for(between_looks);
        if (!manager.is_idle(link)) {
            without = Deadline::after(choice_patience);
        }
    }
}

/// Gives a link back. The bridge's profile had another metric than the link's own: the routes that came from the bridge
/// go once NetworkManager has made them anew.
void give_back(const NetworkManager& manager, const Link& link)
{
    auto channel = Channel::open();
    const Holder holder{link.index, link.name.str()};
    const auto before = channel ? take_snapshot(*channel, holder) : Result<Snapshot>{channel.error()};
    if (!manager.set_managed(link.name, true) || !before) {
        return;
    }
    wait_for_profile(manager, link.name);
    const auto after = take_snapshot(*channel, holder);
    if (!after) {
        return;
    }
    const Rewriter same{*after, holder, after->taken_ms};
    const auto replaced = replaced_routes(*before, *after);
    std::vector<Order> orders;
    orders.reserve(replaced.size());
    for (const Packet& route : replaced) {
        orders.push_back({same.without_route(route), {ESRCH}});
    }
    (void)channel->send(orders);
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
    if (!manager) {
        return;
    }
    auto route = RouteSocket::open();
    const auto network = route ? route->observe() : Result<Network>{route.error()};
    if (!network) {
        return;
    }
    for (const LinkName& name : names) {
        const Link* link = find(*network, name);
        if (link != nullptr && link->master == 0 && !has_port_profile(name)) {
            give_back(*manager, *link);
        }
    }
}

std::vector<LinkName> still_left_alone(const Plan& plan)
{
    std::vector<LinkName> names;
    for (const Step& step : plan) {
        const auto* release = std::get_if<Release>(&step.action);
        const auto* handover = std::get_if<Handover>(&step.action);
        const bool frees = handover != nullptr && handover->direction == Direction::to_port;
        if (release != nullptr || frees) {
            add(names, release != nullptr ? release->port : handover->port);
        }
    }
    const auto told = [&plan](const LinkName& name) {
        return std::ranges::any_of(plan, [&name](const Step& step) {
            const auto* managed = std::get_if<SetManaged>(&step.action);
            return managed != nullptr && managed->name == name;
        });
    };
    std::erase_if(names, [&told](const LinkName& name) { return !told(name) || !has_port_profile(name); });
    return names;
}

}  // namespace kvmkit::net
