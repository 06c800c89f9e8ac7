// SPDX-License-Identifier: Apache-2.0
#include "net/nm/uptake.hpp"

#include "base/deadline.hpp"
#include "net/handover/pin.hpp"
#include "net/netlink/route_socket.hpp"
#include "net/nm/network_manager.hpp"
#include "net/persist/ini_file.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

namespace kvmkit::net {
namespace {

using namespace std::chrono_literals;
constexpr auto activation_patience = 15s;
constexpr auto port_patience = 10s;
constexpr auto device_patience = 2s;
constexpr auto between_looks = 10ms;

/// What of a profile decides about taking it up.
struct Keyfile {
    LinkName link;
    std::string id;
    std::string uuid;
    std::string master;
    bool bridge = false;
    bool leased = false;
};

std::vector<Keyfile> read_all(const std::vector<std::string>& texts)
{
    std::vector<Keyfile> profiles;
    for (const std::string& text : texts) {
        const auto lines = read_ini(text);
        const auto link = LinkName::parse(value_in(lines, "connection", "interface-name"));
        if (link) {
            profiles.push_back({*link,
                                value_in(lines, "connection", "id"),
                                value_in(lines, "connection", "uuid"),
                                value_in(lines, "connection", "master"),
                                value_in(lines, "connection", "type") == "bridge",
                                value_in(lines, "ipv4", "method") == "auto"});
        }
    }
    return profiles;
}

template <class Holds>
bool wait_for(std::chrono::milliseconds patience, Holds holds)
{
    const auto deadline = Deadline::after(patience);
    while (!holds()) {
        if (deadline.passed()) {
            return false;
        }
        std::this_thread::sleep_for(between_looks);
    }
    return true;
}

/// Takes profiles up one after the other.
class Taker {
public:
    Taker(NetworkManager manager, std::vector<Keyfile> profiles)
        : manager_(std::move(manager)), profiles_(std::move(profiles))
    {
    }

    Uptake go()
    {
        for (const Keyfile& profile : profiles_) {
            if (!profile.bridge || !profile.master.empty() || manager_.has_made(profile.link, profile.uuid)) {
                continue;
            }
            if (profile.leased) {
                uptake_.warnings.push_back(fmt::format(
                    "NetworkManager looks after {0} from the next boot on: before its lease ends, reboot or have "
                    "it take {0} up, which leaves {0} without an address for a second or two",
                    profile.link.str()));
                uptake_.commands.push_back("nmcli connection up " + profile.id);
            } else if (auto taken = take(profile); !taken) {
                uptake_.warnings.push_back(fmt::format("NetworkManager looks after {} from the next boot on: {}",
                                                       profile.link.str(),
                                                       taken.error().message));
                uptake_.commands.push_back("nmcli connection up " + profile.id);
                uptake_.failed = true;
            }
        }
        return std::move(uptake_);
    }

private:
    Result<void> take(const Keyfile& profile)
    {
        auto route = RouteSocket::open();
        const auto network = route ? route->observe() : Result<Network>{route.error()};
        auto channel = Channel::open();
        if (!network || !channel) {
            return !network ? network.error() : channel.error();
        }
        const Link* link = find(*network, profile.link);
        if (link == nullptr) {
            return {};  // the next boot has it
        }
        const Holder bridge{link->index, profile.link.str()};
        const auto pin = Pin::plug_in(*channel, bridge);
        if (!pin) {
            return pin.error();
        }
        for (const std::string& end : Pin::ends(bridge)) {
            const auto name = LinkName::from_kernel(end);
            (void)wait_for(device_patience, [&] { return manager_.knows(name); });
            (void)manager_.set_managed(name, false);  // it would free a port that it does not know
        }
        auto active = manager_.activate(profile.uuid, activation_patience);
        if (active && !wait_for(port_patience, [&] { return has_its_ports(profile); })) {
            active = take_ports(profile);
        }
        return active;
    }

    /// It brings a bridge's ports along, but for one that it has taken up by an older profile in the meantime.
    Result<void> take_ports(const Keyfile& bridge)
    {
        for (const Keyfile& profile : profiles_) {
            if (profile.master == bridge.link.str() && !manager_.has_made(profile.link, profile.uuid)) {
                if (auto active = manager_.activate(profile.uuid, activation_patience); !active) {
                    return active;
                }
            }
        }
        return {};
    }

    [[nodiscard]] bool has_its_ports(const Keyfile& bridge) const
    {
        return std::ranges::all_of(profiles_, [&](const Keyfile& profile) {
            return profile.master != bridge.link.str() || manager_.has_made(profile.link, profile.uuid);
        });
    }

    NetworkManager manager_;
    std::vector<Keyfile> profiles_;
    Uptake uptake_;
};

}  // namespace

std::optional<Uptake> take_up(const std::vector<std::string>& keyfiles)
{
    auto manager = NetworkManager::reach();
    if (!manager) {
        return std::nullopt;
    }
    if (auto read = manager->reload_profiles(); !read) {
        return Uptake{.warnings = {read.error().message}, .commands = {"nmcli connection reload"}, .failed = true};
    }
    return Taker{std::move(*manager), read_all(keyfiles)}.go();
}

}  // namespace kvmkit::net
