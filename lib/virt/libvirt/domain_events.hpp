// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/libvirt/connection.hpp"
#include "virt/libvirt/loss.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace kvmkit::virt {

/// Something that happened to a VM.
struct DomainEvent {
    std::string vm;
    std::string uuid;
    std::string kind;    ///< "lifecycle", "agent", "reboot", "io-error"
    std::string what;    ///< "started", "stopped", "connected", ...
    std::string detail;  ///< "shutdown", "destroyed", "paused-io-error", ...; empty: libvirt tells none.
};

/// Hears libvirt's events of all VMs, in order.
class DomainEvents {
public:
    static Result<DomainEvents> open(const Connection& connection);
    DomainEvents(DomainEvents&&) noexcept = default;
    DomainEvents& operator=(DomainEvents&&) = delete;
    DomainEvents(const DomainEvents&) = delete;
    DomainEvents& operator=(const DomainEvents&) = delete;
    ~DomainEvents();

    /// Readable once there is an event, or the connection is lost: for poll(2).
    [[nodiscard]] int fd() const noexcept;
    /// What came since the last call.
    [[nodiscard]] std::vector<DomainEvent> take();
    [[nodiscard]] bool lost() const;

private:
    struct Box;
    DomainEvents(_virConnect* connection, std::shared_ptr<Box> box) : connection_(connection), box_(std::move(box)) {}
    Result<void> subscribe(int event, void (*callback)(_virConnect*, _virDomain*, void*));
    ConnectionHandle connection_;  ///< A reference of its own.
    std::shared_ptr<Box> box_;
    std::optional<Loss::Ear> loss_;
};

}  // namespace kvmkit::virt
