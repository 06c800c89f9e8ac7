// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/libvirt/connection.hpp"

#include <memory>

namespace kvmkit::virt {

/// Learns from libvirt's events whether the guest agent has opened its port.
class AgentWatch {
public:
    /// Watches from now on, and looks once. ErrorCode::unsupported where the VM has no port for an agent.
    static Result<AgentWatch> open(const Connection& connection, const Domain& domain);
    AgentWatch(AgentWatch&&) noexcept = default;
    AgentWatch& operator=(AgentWatch&&) = delete;
    AgentWatch(const AgentWatch&) = delete;
    AgentWatch& operator=(const AgentWatch&) = delete;
    ~AgentWatch();

    /// Readable once the agent is there: for poll(2).
    [[nodiscard]] int fd() const noexcept;
    [[nodiscard]] bool connected() const;

private:
    struct Box;
    AgentWatch(_virConnect* connection, std::shared_ptr<Box> box) : connection_(connection), box_(std::move(box)) {}
    ConnectionHandle connection_;  ///< A reference of its own.
    std::shared_ptr<Box> box_;
};

}  // namespace kvmkit::virt
