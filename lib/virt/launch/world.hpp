// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_fd.hpp"
#include "system/root.hpp"
#include "system/runner.hpp"
#include "virt/console/console.hpp"
#include "virt/launch/driver_root.hpp"
#include "virt/launch/ports.hpp"
#include "virt/launch/step.hpp"
#include "virt/libvirt/connection.hpp"
#include "virt/libvirt/lifecycle.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// libvirt, files and processes as txn::execute changes them: vm-run's domain in the sense of txn::Domain. Only what
/// carries our UUID, and paths that our own journals name, are ever removed.
class World {
public:
    using Step = virt::Step;

    World(const Root& root, Runner& runner) : root_(root), runner_(runner) {}

    static std::string describe(const Step& step) { return virt::describe(step); }
    static std::string encode(const Step& step) { return virt::encode(step); }
    static Result<Step> decode(std::string_view text) { return virt::decode(text); }
    Result<std::optional<Step>> inverse(const Step& step);
    Result<void> apply(const Step& step);

    /// What undoes the steps up to the first one of which only libvirt can tell.
    Result<std::vector<std::optional<Step>>> prepare(std::span<const Step> steps);
    /// Files and the definition of a VM do not need each other: they go together, up to `most`.
    [[nodiscard]] std::size_t next(std::size_t most) const;
    /// Makes these, at the same time. All of them have ended when it returns; the first failure in their order counts.
    Result<void> make(std::size_t count);
    /// Undoing goes one by one: a VM first, and its disks only if it is gone.
    static std::size_t undo(std::span<const Step> /*steps*/) { return 0; }

    /// Who sets the ports of bridges; without them, steps that need one fail.
    void use_ports(Ports ports) { ports_ = std::move(ports); }

    /// The connection to a driver, opened when first asked for and kept.
    Result<const Connection*> connection(const std::string& uri);
    /// Uses this one, which others use as well, instead of opening one of its own.
    void use_connection(std::shared_ptr<const Connection> connection);
    /// Uses this handle of a VM instead of looking for it.
    void use_domain(Domain domain) { domain_.emplace(std::move(domain)); }
    /// The VM of the steps that were made; not_found if there is none. Asks libvirt at most once.
    Result<Domain> ours(const VmId& vm);

    /// Console and events of the VM that AttachVm opened; absent before.
    [[nodiscard]] Console* console() const noexcept { return console_.get(); }
    [[nodiscard]] const std::optional<LifecycleWatch>& lifecycle() const noexcept { return lifecycle_; }
    /// Lets go of both: they hold the connection open.
    void detach();

private:
    struct Inverse;
    struct Apply;
    Result<void> take(const VmId& vm, Result<Domain> made);
    /// Starts it, paused.
    Result<void> start(const VmId& vm);
    /// With what AppArmor kept its QEMU from since then, where that is in the host's logs.
    [[nodiscard]] Error explained(const VmId& vm, Error error, std::chrono::sys_seconds since) const;
    Result<void> remove_vm(const VmId& vm);
    Result<void> start_again(const StartAgain& step);
    Result<void> stop_started(const StopStarted& step);
    [[nodiscard]] Result<void> check_unused(const std::filesystem::path& path,
                                            const std::filesystem::path& vm_folder) const;
    Result<void> remove_seed_unless_used(const std::filesystem::path& vm_folder);
    Result<std::string> link_of(const NicId& nic);
    Result<void> untag(const UntagPort& step);
    Result<void> remove_unless_used(const std::filesystem::path& path, const std::filesystem::path& vm_folder);

    const Root& root_;
    Runner& runner_;
    std::map<std::string, std::shared_ptr<const Connection>> connections_;
    std::optional<Domain> domain_;  ///< Of the VM that was defined, created or looked up last.
    Ports ports_;
    std::set<std::string> remaining_;  ///< Names of VMs that RemoveVm could not remove.
    UniqueFd seed_;                    ///< Of a seed in memory, until the VM is gone.
    std::unique_ptr<Console> console_;
    std::optional<LifecycleWatch> lifecycle_;
    std::vector<Step> prepared_;  ///< Not made yet, in order.
};

/// Fails with refused if that VM runs, or is paused: there is nothing to start.
Result<void> check_is_off(const Domain& domain, const VmId& vm);

/// Fails with exists if libvirt has a VM of that name, and says whose it is and what it does.
Result<void> check_name_is_free(const Connection& connection, const std::string& name);

}  // namespace kvmkit::virt
