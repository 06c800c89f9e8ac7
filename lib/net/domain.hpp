// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "net/namespace.hpp"
#include "net/netlink/route_socket.hpp"
#include "net/row.hpp"

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace kvmkit::net {

/// Links as txn/ sees them: makes steps, knows what undoes them, and writes them down together with the network
/// namespace that they belong to. Many steps are made at once: one look at the links tells what undoes all of them.
class LinkDomain {
public:
    using Step = net::Step;

    LinkDomain(RouteSocket& route, NetNamespace here);

    static std::string describe(const Step& step) { return net::describe(step.action); }

    /// What undoes as many of the first steps as can be known from what the links are now, at least one; none where the
    /// change would be none. What an undoing needs events or the kernel's answers for ends the row.
    Result<std::vector<std::optional<Step>>> prepare(std::span<const Step> steps);
    /// How many of the prepared steps that are left go together, up to `most`.
    [[nodiscard]] std::size_t next(std::size_t most) const;
    /// Makes these. What the kernel refuses is told of the first one; those behind it have been tried, too.
    Result<void> make(std::size_t steps);

    /// Makes steps that undo, as many of the first ones as succeed, and says how many that are.
    std::size_t undo(std::span<const Step> steps);

    /// One at a time, from what the link is now.
    Result<std::optional<Step>> inverse(const Step& step);
    /// A step with a guard that does not hold is passed over.
    Result<void> apply(const Step& step);
    [[nodiscard]] std::string encode(const Step& step) const;
    static Result<Step> decode(std::string_view text);

    /// Where the state file asks for what the last step made forwards does, or failed to do.
    [[nodiscard]] const KeyPath& last_origin() const noexcept { return last_origin_; }

    [[nodiscard]] const NetNamespace& here() const noexcept { return here_; }

private:
    RouteSocket& route_;
    NetNamespace here_;
    std::string encoded_here_;
    KeyPath last_origin_;
    Row row_;
    std::optional<Step> alone_;  ///< Prepared, and made by itself.
};

/// The namespace that an encoded step belongs to; absent if the text does not say.
std::optional<NetNamespace> namespace_of(std::string_view encoded);

}  // namespace kvmkit::net
