// SPDX-License-Identifier: Apache-2.0
#include "bridge.hpp"

#include "net/netlink/route_socket.hpp"

#include <fmt/format.h>

namespace kvmkit::vm_run {

Result<void> check_bridge(const std::string& name)
{
    const auto wanted = net::LinkName::parse(name);
    auto socket = net::RouteSocket::open();
    if (!wanted || !socket) {
        return !wanted ? wanted.error() : socket.error();
    }
    const auto network = socket->observe();
    if (!network) {
        return network.error();
    }
    const net::Link* link = net::find(*network, *wanted);
    if (link == nullptr) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot use bridge '{}': there is none", name),
                     fmt::format("make it: net-setup bridge add {}", name)};
    }
    if (!link->is_bridge()) {
        return Error{ErrorCode::invalid,
                     fmt::format("cannot use bridge '{}': it is no bridge", name),
                     "name a bridge; 'net-setup show' lists them"};
    }
    return {};
}

}  // namespace kvmkit::vm_run
