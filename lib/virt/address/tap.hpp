// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace kvmkit::virt {

/// Reads copies of what passes a link, in both directions: ARP, neighbour discovery and DHCP alone, by a filter in the
/// kernel. Needs CAP_NET_RAW; changes nothing.
class TapListener {
public:
    static Result<TapListener> open(const std::string& link);

    /// For poll(2).
    [[nodiscard]] int fd() const noexcept { return socket_.get(); }
    /// Hands out the frames that wait, at most a few hundred.
    void take(const std::function<void(std::string_view)>& see) const;

private:
    explicit TapListener(UniqueFd socket) : socket_(std::move(socket)) {}
    UniqueFd socket_;
};

}  // namespace kvmkit::virt
