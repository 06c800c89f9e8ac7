// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/libvirt/connection.hpp"
#include "virt/libvirt/loss.hpp"

#include <memory>
#include <optional>
#include <string_view>

namespace kvmkit::virt {

/// How a VM ended. `lost`: libvirt went away, so that nobody can tell.
enum class Ending { powered_off, destroyed, crashed, failed, lost };

/// "the guest powered off", ...
std::string_view describe(Ending ending) noexcept;

/// Learns of the end of one VM from libvirt's events, without asking again and again.
class LifecycleWatch {
public:
    /// Watches from now on, and looks once whether the VM has ended already.
    static Result<LifecycleWatch> open(const Connection& connection, const Domain& domain);
    /// Does not look: for a VM that is paused still, whose resume() tells of an end before this.
    static Result<LifecycleWatch> of_paused(const Connection& connection, const Domain& domain);
    LifecycleWatch(LifecycleWatch&&) noexcept = default;
    LifecycleWatch& operator=(LifecycleWatch&&) = delete;
    LifecycleWatch(const LifecycleWatch&) = delete;
    LifecycleWatch& operator=(const LifecycleWatch&) = delete;
    ~LifecycleWatch();

    /// Readable once the VM has ended: for poll(2).
    [[nodiscard]] int fd() const noexcept;
    [[nodiscard]] std::optional<Ending> ending() const;

private:
    struct Box;
    LifecycleWatch(_virConnect* connection, std::shared_ptr<Box> box) : connection_(connection), box_(std::move(box)) {}
    Result<void> subscribe(const Connection& connection, const Domain& domain);
    ConnectionHandle connection_;  ///< A reference of its own.
    std::shared_ptr<Box> box_;
    std::optional<Loss::Ear> loss_;
};

}  // namespace kvmkit::virt
