// SPDX-License-Identifier: Apache-2.0
#include "bridge_ports.hpp"

#include "net/model/port_state.hpp"
#include "net/netlink/route_socket.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

Result<void> set_vlans(net::RouteSocket& socket, const net::Network& network, net::SetVlans change)
{
    return socket.make(net::Action{std::move(change)}, network);
}

Result<void> give_vlan(const std::string& link, std::uint16_t vlan)
{
    auto socket = net::RouteSocket::open();
    const auto network = socket ? socket->observe() : Result<net::Network>{socket.error()};
    if (!network) {
        return network.error();
    }
    return set_vlans(*socket, *network, {net::LinkName::from_kernel(link), net::access_to(vlan)});
}

Result<void> take_vlan(const std::string& name)
{
    auto socket = net::RouteSocket::open();
    const auto network = socket ? socket->observe() : Result<net::Network>{socket.error()};
    if (!network) {
        return network.error();
    }
    const net::Link* port = net::find(*network, net::LinkName::from_kernel(name));
    const net::Link* bridge = port == nullptr ? nullptr : net::find(*network, port->master);
    if (bridge == nullptr) {
        return {};
    }
    return set_vlans(*socket, *network, {port->name, net::vlans_of_new_port(*bridge)});
}

/// One look at the signals for each event of the kernel, and one in a while without any.
Result<void> wait_in_slices(net::RouteSocket& socket,
                            const std::function<Result<bool>(const net::Network&)>& reached,
                            const Deadline& deadline,
                            const std::function<bool()>& interrupted)
{
    constexpr std::chrono::milliseconds slice{250};
    for (;;) {
        auto done = socket.wait_until(reached, Deadline::after(std::min(slice, deadline.left())));
        if (done || done.error().code != ErrorCode::timeout || deadline.passed()) {
            return done ? Result<void>{} : std::move(done).error();
        }
        if (interrupted && interrupted()) {
            return Error{ErrorCode::interrupted, "interrupted"};
        }
    }
}

Result<void> await_forwarding(const std::string& name,
                              const Deadline& deadline,
                              const std::function<bool()>& interrupted)
{
    auto socket = net::RouteSocket::open();
    if (!socket) {
        return socket.error();
    }
    std::string last = "gone";
    const auto forwards = [&](const net::Network& network) -> Result<bool> {
        const net::Link* port = net::find(network, net::LinkName::from_kernel(name));
        if (port == nullptr) {
            return Error{ErrorCode::not_found, fmt::format("port '{}' is gone", name)};
        }
        last = net::port_state(*port);
        return last == "forwarding";
    };
    auto reached = wait_in_slices(*socket, forwards, deadline, interrupted);
    if (!reached && reached.error().code == ErrorCode::timeout) {
        return Error{ErrorCode::timeout,
                     fmt::format("port '{}' does not forward: the spanning tree keeps it {}", name, last),
                     fmt::format("net-setup doctor {} tells why", name)};
    }
    return reached;
}

}  // namespace

virt::Ports bridge_ports(std::function<bool()> interrupted)
{
    auto await = [interrupted = std::move(interrupted)](const std::string& link, const Deadline& deadline) {
        return await_forwarding(link, deadline, interrupted);
    };
    return {.give_vlan = give_vlan, .take_vlan = take_vlan, .await_forwarding = std::move(await)};
}

}  // namespace kvmkit::vm_run
