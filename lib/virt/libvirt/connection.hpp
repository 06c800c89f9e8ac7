// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "base/unique_fd.hpp"
#include "virt/libvirt/domain.hpp"
#include "virt/libvirt/handles.hpp"
#include "virt/libvirt/loss.hpp"

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// Whether an address of libvirt leads to this host: "driver:///path", but not "driver+transport://host/path".
bool leads_to_this_host(std::string_view uri) noexcept;

/// A connection to one libvirt driver. "test:///default" needs neither privilege nor QEMU.
class Connection {
public:
    /// not_found: no daemon answers; unsupported: there is no such driver; permission: not allowed.
    static Result<Connection> open(const std::string& uri);
    /// The same without the right to change anything, for which no password is asked.
    static Result<Connection> open_read_only(const std::string& uri);

    [[nodiscard]] const std::string& uri() const noexcept { return uri_; }
    /// The driver runs in this process, without a daemon.
    [[nodiscard]] bool embedded() const noexcept { return uri_.starts_with("qemu:///embed"); }
    /// False once the daemon hung up. Asks nobody.
    [[nodiscard]] bool alive() const;
    [[nodiscard]] Result<std::string> capabilities() const;
    /// For those who want to hear that the connection broke.
    [[nodiscard]] std::shared_ptr<Loss> loss() const { return loss_; }

    /// Absent if libvirt knows no such VM.
    [[nodiscard]] Result<std::optional<Domain>> find_by_name(const std::string& name) const;
    [[nodiscard]] Result<std::optional<Domain>> find_by_uuid(const std::string& uuid) const;
    /// All VMs, running or not.
    [[nodiscard]] Result<std::vector<Domain>> domains() const;

    /// Makes a VM that stays, not started. exists: the name is taken.
    [[nodiscard]] Result<Domain> define(const std::string& domain_xml) const;
    /// Starts a VM, paused, that is gone when it ends or (but in the embedded driver) when this connection does.
    /// exists: the name is taken.
    [[nodiscard]] Result<Domain> create_ephemeral(const std::string& domain_xml) const;
    /// The same by way of a definition, which only then can be forgotten with all that libvirt keeps for it: the file
    /// of UEFI's variables is unlinked while QEMU has it open. `seed` stands for the disk of the group seed_fd_group;
    /// without one there must be no such disk.
    [[nodiscard]] Result<Domain> create_by_definition(const std::string& domain_xml, const UniqueFd& seed) const;
    /// Whether a disk may be a descriptor that this process hands over.
    [[nodiscard]] bool takes_descriptors() const;

    [[nodiscard]] _virConnect* get() const noexcept { return handle_.get(); }

private:
    Connection(std::string uri, ConnectionHandle handle) : uri_(std::move(uri)), handle_(std::move(handle)) {}
    static Result<Connection> take(const std::string& uri, ConnectionHandle handle);
    std::string uri_;
    ConnectionHandle handle_;
    std::shared_ptr<Loss> loss_ = std::make_shared<Loss>();
};

}  // namespace kvmkit::virt
