// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "cli/tool.hpp"
#include "virt/launch/world.hpp"
#include "virt/libvirt/event_loop.hpp"

#include <memory>
#include <string>

namespace kvmkit::vm_run {

/// qemu:///system for root, qemu:///session for everybody else.
std::string default_uri();

/// The error of a connection with what the user can do about it: start libvirt, install it, join its group.
Error with_remedy(Error error, const std::string& uri);

/// The same for libvirt's refusal of a VM: QEMU itself may be missing.
Error with_launch_remedy(Error error);

/// What every command but launch starts with: libvirt, quiet and connected.
class Host {
public:
    static Result<std::unique_ptr<Host>> open(const cli::Arguments& arguments);
    [[nodiscard]] const virt::Connection& connection() const noexcept { return *connection_; }
    /// The same, for threads.
    [[nodiscard]] std::shared_ptr<const virt::Connection> share() const noexcept { return connection_; }
    [[nodiscard]] virt::World& world() noexcept { return world_; }
    [[nodiscard]] const Root& root() const noexcept { return root_; }
    [[nodiscard]] Runner& runner() noexcept { return runner_; }

    /// The VM of that name; not_found if there is none.
    [[nodiscard]] Result<virt::Domain> domain(const std::string& name) const;

private:
    explicit Host(Root root) : root_(std::move(root)), world_(root_, runner_) {}
    std::unique_ptr<virt::EventLoop> loop_;
    Root root_;
    SystemRunner runner_;
    virt::World world_;
    std::shared_ptr<const virt::Connection> connection_;
};

/// The VM of that name; not_found if there is none.
Result<virt::Domain> domain_named(const virt::Connection& connection, const std::string& name);

/// The VM of that name if it runs; not_found if it is off.
Result<virt::Domain> running_domain(const virt::Connection& connection, const std::string& name);

/// --connect, as every command has it.
void declare_connect(cli::po::options_description_easy_init& add);

}  // namespace kvmkit::vm_run
