// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/namespace.hpp"
#include "net/netlink/route_socket.hpp"
#include "net/planner/step.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace kvmkit::net {

/// Links as txn/ sees them: makes steps, knows what undoes them, and writes them down together with the network
/// namespace that they belong to.
class LinkDomain {
public:
    using Step = net::Step;

    LinkDomain(RouteSocket& route, NetNamespace here) : route_(route), here_(std::move(here)) {}

    static std::string describe(const Step& step) { return net::describe(step.action); }
    /// From what the link is now; none where the change would be none.
    Result<std::optional<Step>> inverse(const Step& step);
    /// A step with a guard that does not hold is passed over.
    Result<void> apply(const Step& step);
    [[nodiscard]] std::string encode(const Step& step) const;
    static Result<Step> decode(std::string_view text);

    [[nodiscard]] const NetNamespace& here() const noexcept { return here_; }

private:
    RouteSocket& route_;
    NetNamespace here_;
};

/// The namespace that an encoded step belongs to; absent if the text does not say.
std::optional<NetNamespace> namespace_of(std::string_view encoded);

}  // namespace kvmkit::net
