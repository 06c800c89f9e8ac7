// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_fd.hpp"
#include "net/netlink/parcel.hpp"

#include <span>

namespace kvmkit::net {

/// Sends many requests in one system call each time, and looks at every answer. Its socket belongs to the network
/// namespace current at open().
class Courier {
public:
    static Result<Courier> open();

    /// How many of the first parcels go together: their answers fit into the receive buffer as it is now. At least one.
    [[nodiscard]] std::size_t fitting(std::span<const Parcel> parcels) const;

    /// The kernel goes on past a request that it refuses. An Error: nobody knows what was made.
    Result<Receipt> deliver(std::span<const Parcel> parcels);

private:
    struct Load;
    class Answers;
    explicit Courier(UniqueFd fd) noexcept : fd_(std::move(fd)) {}
    [[nodiscard]] std::size_t room() const;
    Result<void> send(const Load& load, std::span<const Parcel> parcels, Receipt& receipt);

    UniqueFd fd_;
    std::uint32_t sequence_ = 0;
};

}  // namespace kvmkit::net
