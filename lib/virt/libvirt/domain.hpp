// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/libvirt/handles.hpp"

#include <string>
#include <string_view>

namespace kvmkit::virt {

enum class DomainState { running, paused, shutting_down, shut_off, crashed, other };

/// "running", "paused", "shutting down", "shut off", "crashed", "other"
std::string_view word(DomainState state) noexcept;

/// One VM that libvirt knows. Dropping it leaves the VM as it is. A VM that is gone answers not_found.
class Domain {
public:
    explicit Domain(DomainHandle handle) noexcept : handle_(std::move(handle)) {}

    [[nodiscard]] Result<std::string> name() const;
    /// A copy inside the handle: asks nobody.
    [[nodiscard]] std::string uuid() const;
    /// The description as it stands; that of a running VM says what runs.
    [[nodiscard]] Result<std::string> xml() const;
    [[nodiscard]] Result<DomainState> state() const;
    [[nodiscard]] Result<bool> active() const;
    [[nodiscard]] Result<bool> persistent() const;

    /// Another handle of the same VM: asks nobody.
    [[nodiscard]] Domain share() const;

    /// Starts a defined VM without letting it execute anything.
    [[nodiscard]] Result<void> start_paused() const;
    [[nodiscard]] Result<void> resume() const;
    /// Notes on a running VM who started it. libvirt forgets that when the VM ends.
    [[nodiscard]] Result<void> note_starter(const std::string& transaction) const;
    /// Whether that is noted on it. Of a running VM only.
    [[nodiscard]] Result<bool> started_by(const std::string& transaction) const;
    /// Whether something of that disk, "vdb", was read since the VM started. A kernel with a driver for it looks for
    /// partitions at once.
    [[nodiscard]] Result<bool> has_read(const std::string& disk) const;
    /// Presses the ACPI power button; the guest may ignore it.
    [[nodiscard]] Result<void> press_power_button() const;
    /// Cuts the power.
    [[nodiscard]] Result<void> destroy() const;
    /// Makes libvirt forget it, with everything that libvirt keeps for it.
    [[nodiscard]] Result<void> undefine() const;

    [[nodiscard]] _virDomain* get() const noexcept { return handle_.get(); }

private:
    [[nodiscard]] Result<void> outcome(int answer, std::string_view verb) const;
    DomainHandle handle_;
};

}  // namespace kvmkit::virt
