// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "system/root.hpp"
#include "system/runner.hpp"
#include "virt/launch/step.hpp"
#include "virt/libvirt/connection.hpp"
#include "virt/libvirt/console.hpp"
#include "virt/libvirt/lifecycle.hpp"

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

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

    /// The connection to a driver, opened when first asked for and kept.
    Result<const Connection*> connection(const std::string& uri);

    /// Console and events of the VM that AttachVm opened; absent before.
    [[nodiscard]] std::optional<Console>& console() noexcept { return console_; }
    [[nodiscard]] const std::optional<LifecycleWatch>& lifecycle() const noexcept { return lifecycle_; }
    /// Lets go of both: they hold the connection open.
    void detach();

private:
    struct Inverse;
    struct Apply;
    Result<Domain> ours(const VmId& vm);
    Result<void> remove_vm(const VmId& vm);
    Result<void> remove_unless_used(const std::filesystem::path& path, const std::filesystem::path& vm_folder);

    const Root& root_;
    Runner& runner_;
    std::map<std::string, Connection> connections_;
    std::set<std::string> remaining_;  ///< Names of VMs that RemoveVm could not remove.
    std::optional<Console> console_;
    std::optional<LifecycleWatch> lifecycle_;
};

/// "qemu:///embed?root=DIR", and the way back: absent for any other URI.
std::string embedded_uri(const std::filesystem::path& driver_root);
std::optional<std::filesystem::path> driver_root_of(const std::string& uri);

/// Fails with exists if libvirt has a VM of that name, and says whose it is and what it does.
Result<void> check_name_is_free(const Connection& connection, const std::string& name);

}  // namespace kvmkit::virt
