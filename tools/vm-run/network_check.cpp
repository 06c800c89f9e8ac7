// SPDX-License-Identifier: Apache-2.0
#include "network_check.hpp"

#include "base/unique_fd.hpp"
#include "net/model/port_state.hpp"
#include "net/netlink/route_socket.hpp"
#include "virt/libvirt/network.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

bool leads_out(const net::Network& host, const net::Link& bridge, net::VlanId vlan)
{
    const auto ports = net::ports_of(host, bridge);
    const bool by_port = std::ranges::any_of(
        ports, [&](const net::Link* port) { return port->vlans && port->vlans->members.has(vlan); });
    return by_port || (bridge.vlans && bridge.vlans->members.has(vlan));
}

Result<void> check_vlan(const virt::BridgeNic& nic,
                        const net::Link& bridge,
                        const net::Network& host,
                        NetworkPlan& plan)
{
    if (!nic.vlan) {
        return {};
    }
    if (!net::keeps_vlans_apart(bridge)) {
        return Error{ErrorCode::refused,
                     fmt::format("refused to use VLAN {} on bridge '{}': it keeps no VLANs apart (vlan_filtering is 0)",
                                 *nic.vlan,
                                 nic.bridge),
                     fmt::format("switch it on: net-setup bridge set {} --vlan-filtering on", nic.bridge)};
    }
    if (!leads_out(host, bridge, *nic.vlan)) {
        plan.warnings.push_back(
            fmt::format("VLAN {0} leads nowhere from bridge '{1}': neither another port nor the bridge itself belongs "
                        "to it; to add "
                        "one: net-setup bridge vlan set PORT --tagged {0}",
                        *nic.vlan,
                        nic.bridge));
    }
    return {};
}

void note_silence(const virt::BridgeNic& nic, const net::Link& bridge, NetworkPlan& plan)
{
    const auto silence = net::silence_of_new_port(bridge);
    if (silence.count() == 0) {
        return;
    }
    plan.learning_bridges.push_back(nic.bridge);
    plan.warnings.push_back(fmt::format(
        "bridge '{}' runs the spanning tree: its new port forwards nothing for {} s, and the VM waits for it",
        nic.bridge,
        silence.count()));
}

struct CheckLink {
    const net::Network& host;
    NetworkPlan& plan;

    Result<const net::Link*> link(const std::string& name, std::string_view kind, std::string hint) const
    {
        const net::Link* found = net::find(host, net::LinkName::from_kernel(name));
        if (found == nullptr) {
            return Error{
                ErrorCode::not_found, fmt::format("cannot use {} '{}': there is none", kind, name), std::move(hint)};
        }
        return found;
    }

    Result<void> operator()(const virt::UserNic& /*nic*/) const { return {}; }
    Result<void> operator()(const virt::NetworkNic& /*nic*/) const { return {}; }
    Result<void> operator()(const virt::BridgeNic& nic) const
    {
        const auto bridge = link(nic.bridge, "bridge", "make it: net-setup bridge add " + nic.bridge);
        if (!bridge) {
            return bridge.error();
        }
        if (!(*bridge)->is_bridge()) {
            return Error{ErrorCode::invalid,
                         fmt::format("cannot use bridge '{}': it is no bridge", nic.bridge),
                         "name a bridge; 'net-setup show' lists them"};
        }
        if (!(*bridge)->up) {
            plan.warnings.push_back(fmt::format("bridge '{0}' is down: ip link set {0} up", nic.bridge));
        }
        note_silence(nic, **bridge, plan);
        return check_vlan(nic, **bridge, host, plan);
    }
    Result<void> operator()(const virt::MacvtapNic& nic) const
    {
        const auto lower = link(nic.link, "link", "'net-setup show' lists the links of this host");
        if (!lower) {
            return lower.error();
        }
        if (!(*lower)->ethernet || (*lower)->loopback) {
            return Error{ErrorCode::invalid, fmt::format("cannot use link '{}': it carries no Ethernet", nic.link)};
        }
        if ((*lower)->master != 0) {
            return Error{ErrorCode::refused,
                         fmt::format("refused to use link '{}': it is a port of a bridge or bond", nic.link),
                         "name that bridge instead: --net bridge=NAME"};
        }
        if (!(*lower)->up) {
            plan.warnings.push_back(fmt::format("link '{0}' is down: ip link set {0} up", nic.link));
        }
        return {};
    }
};

/// Whether somebody listens there already; a port below 1024 may be refused to us and not to the daemon.
Result<void> check_port_is_free(std::uint16_t port)
{
    const UniqueFd socket{::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    const int yes = 1;
    (void)::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const auto* plain = reinterpret_cast<const sockaddr*>(&address);  // NOLINT: the socket API's own way
    if (socket && ::bind(socket.get(), plain, sizeof address) != 0 && errno == EADDRINUSE) {
        return Error{ErrorCode::busy,
                     fmt::format("cannot lead port {} to the guest: another program listens there", port),
                     fmt::format("name another port; who it is: ss -tlnp sport = :{}", port)};
    }
    return {};
}

constexpr const char* usual_network = "default";

}  // namespace

NetworkChoice choose_network(const virt::Connection& connection)
{
    const auto found = virt::find_network(connection, usual_network);
    if (!found) {
        return {.why = found.error().message};
    }
    if (!*found) {
        return {.why = fmt::format("libvirt has no network '{}'", usual_network)};
    }
    if (!(*found)->active) {
        return {.why = fmt::format("libvirt's network '{}' is off", usual_network),
                .hint = fmt::format("start it: virsh -c {} net-start {}", connection.uri(), usual_network)};
    }
    const bool here = virt::leads_to_this_host(connection.uri());
    return {{virt::Nic{virt::NetworkNic{usual_network}}},
            fmt::format("libvirt's network '{}' runs: who runs on it can be called from {} host",
                        usual_network,
                        here ? "this" : "that"),
            {},
            here};
}

Result<void> check_choice(const NetworkChoice& choice, Wait wait)
{
    auto possible = check_calls(wait, choice.nics);
    if (possible && (choice.here || wait != Wait::ssh)) {
        return {};
    }
    Error error =
        possible ? Error{ErrorCode::refused, "cannot wait for ssh: nobody can call that VM from here", "wait for ip"}
                 : std::move(possible).error();
    error.code = ErrorCode::refused;  // it is this host that decides
    error.message += "; " + choice.why;
    error.hint = choice.hint.empty() ? error.hint : choice.hint;
    return error;
}

Result<void> check_links(const std::vector<virt::Nic>& nics, const net::Network& host, NetworkPlan& plan)
{
    for (const auto& nic : nics) {
        if (auto checked = std::visit(CheckLink{host, plan}, nic.source); !checked) {
            return checked;
        }
    }
    return {};
}

Result<void> check_host_links(const std::vector<virt::Nic>& nics, NetworkPlan& plan)
{
    const bool needed = std::ranges::any_of(nics, [](const virt::Nic& nic) {
        return std::holds_alternative<virt::BridgeNic>(nic.source) ||
               std::holds_alternative<virt::MacvtapNic>(nic.source);
    });
    if (!needed) {
        return {};
    }
    auto socket = net::RouteSocket::open();
    const auto network = socket ? socket->observe() : Result<net::Network>{socket.error()};
    return network ? check_links(nics, *network, plan) : network.error();
}

Result<void> check_forwards(const std::vector<virt::Nic>& nics)
{
    for (const auto& nic : nics) {
        const auto* user = std::get_if<virt::UserNic>(&nic.source);
        if (user == nullptr) {
            continue;
        }
        for (const auto& forward : user->forwards) {
            if (auto free = check_port_is_free(forward.host); !free) {
                return free;
            }
        }
    }
    return {};
}

Result<void> check_networks(const std::vector<virt::Nic>& nics,
                            const virt::Connection& connection,
                            bool start,
                            NetworkPlan& plan)
{
    for (const auto& nic : nics) {
        const auto* wanted = std::get_if<virt::NetworkNic>(&nic.source);
        if (wanted == nullptr) {
            continue;
        }
        const auto found = virt::find_network(connection, wanted->network);
        if (!found) {
            return found.error();
        }
        const auto doing = fmt::format("cannot use network '{}'", wanted->network);
        if (!*found) {
            return Error{ErrorCode::not_found,
                         doing + ": libvirt knows none of that name",
                         fmt::format("virsh -c {} net-list --all", connection.uri())};
        }
        if (!(*found)->active && !start) {
            return Error{
                ErrorCode::not_found,
                fmt::format("{}: it is off{}", doing, (*found)->autostart ? ", though libvirt was to start it" : ""),
                "start it with --net-start, or: virsh net-start " + wanted->network};
        }
        if (!(*found)->active && std::ranges::find(plan.to_start, wanted->network) == plan.to_start.end()) {
            plan.to_start.push_back(wanted->network);
        }
    }
    return {};
}

}  // namespace kvmkit::vm_run
