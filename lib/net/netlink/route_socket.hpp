// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/deadline.hpp"
#include "base/result.hpp"
#include "net/model/network.hpp"
#include "net/netlink/parcel.hpp"
#include "net/planner/step.hpp"

#include <functional>
#include <memory>
#include <span>

namespace kvmkit::net {

/// A connection to the kernel's links, addresses and routes, in the network namespace current at open(). Not
/// thread-safe. make() needs CAP_NET_ADMIN; links are named by index, names stand in the errors.
class RouteSocket {
public:
    static Result<RouteSocket> open();
    RouteSocket(RouteSocket&& other) noexcept;
    RouteSocket& operator=(RouteSocket&& other) noexcept;
    ~RouteSocket();

    /// Everything as it is now. Read again, at most ten times, if it changes meanwhile.
    Result<Network> observe();

    /// Observes after each event of the kernel until `reached` says yes to what is there, and yields that;
    /// ErrorCode::timeout after the deadline.
    /// An Error of `reached` ends the wait.
    Result<Network> wait_until(const std::function<Result<bool>(const Network&)>& reached, Deadline deadline);

    /// Makes one change on the links as `network` tells them. SetIpv6 writes a file of /proc/sys.
    Result<void> make(const Action& action, const Network& network);

    /// How many of the first parcels go together: at least one. What takes away never goes with what it relies on.
    [[nodiscard]] std::size_t fitting(std::span<const Parcel> parcels) const;

    /// Sends them together; the kernel goes on past what it refuses. An Error: nobody knows what was made.
    Result<Receipt> deliver(std::span<const Parcel> parcels);

private:
    struct Sockets;  // libnl's types end here
    explicit RouteSocket(std::unique_ptr<Sockets> sockets) noexcept;
    std::unique_ptr<Sockets> sockets_;
};

}  // namespace kvmkit::net
