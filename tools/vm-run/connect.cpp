// SPDX-License-Identifier: Apache-2.0
#include "connect.hpp"

#include "bridge_ports.hpp"

#include "virt/libvirt/libvirt_error.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include <fmt/format.h>

namespace kvmkit::vm_run {
namespace {

bool daemon_is_installed()
{
    constexpr std::array programs{"/usr/sbin/libvirtd", "/usr/sbin/virtqemud", "/usr/local/sbin/libvirtd"};
    return std::ranges::any_of(programs, [](const char* program) { return ::access(program, X_OK) == 0; });
}

std::string how_to_start()
{
    std::error_code ignored;
    if (!daemon_is_installed()) {
        return "libvirt's daemon is not installed: host-setup apply";
    }
    if (std::filesystem::is_directory("/run/systemd/system", ignored)) {
        return "start it: systemctl start libvirtd; one VM alone needs none: vm-run launch NAME --rm, without "
               "--connect";
    }
    return "start it: virtlogd -d; libvirtd -d; one VM alone needs none: vm-run launch NAME --rm, without --connect";
}

constexpr const char* install_hint = "install what a KVM host needs: host-setup apply";

}  // namespace

std::string default_uri()
{
    return ::geteuid() == 0 ? "qemu:///system" : "qemu:///session";
}

Error with_remedy(Error error, const std::string& uri)
{
    if (!error.hint.empty() || !uri.starts_with("qemu:")) {
        return error;
    }
    switch (error.code) {
        case ErrorCode::not_found: error.hint = how_to_start(); break;
        case ErrorCode::unsupported: error.hint = install_hint; break;
        case ErrorCode::permission:
            error.hint = "join group libvirt and log in again, or use --connect qemu:///session";
            break;
        default: break;
    }
    return error;
}

Error with_launch_remedy(Error error)
{
    constexpr std::array signs{"could not find capabilities", "Cannot check QEMU binary", "suitable emulator"};
    const bool no_qemu = std::ranges::any_of(
        signs, [&error](const char* sign) { return error.message.find(sign) != std::string::npos; });
    if (error.hint.empty() && no_qemu) {
        error.hint = install_hint;
    }
    if (error.hint.empty() && error.message.find("Failed to create PTY") != std::string::npos) {
        error.hint = "QEMU needs pseudo-terminals: mount -t devpts devpts /dev/pts";
    }
    return error;
}

Result<std::unique_ptr<Host>> Host::open(const cli::Arguments& arguments)
{
    virt::silence_libvirt();
    auto loop = virt::EventLoop::start();
    auto root = Root::open("/");
    if (!loop || !root) {
        return !loop ? loop.error() : root.error();
    }
    std::unique_ptr<Host> host{new Host{std::move(*root)}};
    host->loop_ = std::move(*loop);
    host->world_.use_ports(bridge_ports());
    const std::string uri = arguments.maybe("connect").value_or(default_uri());
    auto connection = virt::Connection::open(uri);
    if (!connection) {
        return with_remedy(connection.error(), uri);
    }
    host->connection_ = std::make_shared<const virt::Connection>(std::move(*connection));
    host->world_.use_connection(host->connection_);
    return host;
}

Result<virt::Domain> domain_named(const virt::Connection& connection, const std::string& name)
{
    auto found = connection.find_by_name(name);
    if (!found) {
        return found.error();
    }
    if (!*found) {
        return Error{ErrorCode::not_found,
                     fmt::format("cannot find VM '{}' at {}", name, connection.uri()),
                     "'vm-run list' shows all VMs"};
    }
    return std::move(**found);
}

Result<virt::Domain> Host::domain(const std::string& name) const
{
    return domain_named(connection(), name);
}

Result<virt::Domain> running_domain(const virt::Connection& connection, const std::string& name)
{
    auto domain = domain_named(connection, name);
    const auto active = domain ? domain->active() : Result<bool>{domain.error()};
    if (!active) {
        return active.error();
    }
    if (!*active) {
        return Error{ErrorCode::not_found, fmt::format("VM '{}' is off", name), "start it: vm-run start " + name};
    }
    return domain;
}

void declare_connect(cli::po::options_description_easy_init& add)
{
    add("connect",
        cli::po::value<std::string>()->value_name("URI"),
        "libvirt's address (default: qemu:///system for root, else qemu:///session)");
}

}  // namespace kvmkit::vm_run
