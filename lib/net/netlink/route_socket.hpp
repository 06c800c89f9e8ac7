// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/result.hpp"
#include "net/model/network.hpp"
#include "net/planner/step.hpp"

#include <functional>
#include <memory>

namespace kvmkit::net {

/// A connection to the kernel's links, addresses and routes, in the network namespace current at open(). Not
/// thread-safe. The changing calls need CAP_NET_ADMIN; links are named by index, names stand in the errors.
class RouteSocket {
public:
    static Result<RouteSocket> open();
    RouteSocket(RouteSocket&& other) noexcept;
    RouteSocket& operator=(RouteSocket&& other) noexcept;
    ~RouteSocket();

    /// Everything as it is now. Read again, at most ten times, if it changes meanwhile.
    Result<Network> observe();

    /// Observes after each event of the kernel until `reached` says yes; ErrorCode::timeout after the deadline.
    /// An Error of `reached` ends the wait.
    Result<void> wait_until(const std::function<Result<bool>(const Network&)>& reached, Deadline deadline);

    Result<void> create_bridge(const CreateBridge& bridge);
    Result<void> delete_link(const Link& link);
    Result<void> attach(const Link& port, const Link& bridge);
    Result<void> release(const Link& port);
    Result<void> switch_up(const Link& link, std::optional<std::uint32_t> group);
    Result<void> switch_down(const Link& link, std::optional<std::uint32_t> group);
    Result<void> set_mtu(const Link& link, unsigned mtu);
    Result<void> add_address(const Link& link, const InterfaceAddress& address);
    Result<void> remove_address(const Link& link, const InterfaceAddress& address);

private:
    struct Sockets;  // libnl's types end here
    explicit RouteSocket(std::unique_ptr<Sockets> sockets) noexcept;
    std::unique_ptr<Sockets> sockets_;
};

}  // namespace kvmkit::net
