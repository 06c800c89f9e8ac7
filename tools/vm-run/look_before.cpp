// SPDX-License-Identifier: Apache-2.0
// The part of Launcher that looks at the host and at libvirt before anything is changed.
#include "connect.hpp"
#include "launcher.hpp"
#include "virt/libvirt/daemon.hpp"
#include "virt/libvirt/libvirt_error.hpp"

#include <algorithm>

#include <fmt/format.h>

namespace kvmkit::vm_run {

/// Falls back to the embedded driver where nobody asked for a certain one and no daemon answers.
Result<void> Launcher::connect()
{
    const auto connection = world_.connection(uri_);
    if (connection) {
        return {};
    }
    const bool no_daemon = connection.error().code == ErrorCode::not_found;
    if (!no_daemon || options_.uri || !ephemeral() || crew_ != nullptr) {
        return with_remedy(connection.error(), uri_);
    }
    uri_ = virt::embedded_uri(virt::new_driver_root(places_, plan_.uuid));
    console_.note("no libvirt daemon answers: the VM runs on libvirt's driver inside this process");
    return {};
}

/// Everything that can be known to fail before anything is changed.
Result<void> Launcher::look_before()
{
    if (virt::leads_to_this_host(uri_)) {  // libvirt on another host has other links
        if (auto there = check_host_links(options_.spec.nics, networks_); !there) {
            return there;
        }
        if (auto free = check_forwards(options_.spec.nics); !free) {
            return free;
        }
    }
    plan_.learning_bridges = networks_.learning_bridges;
    if (auto connected = connect(); !connected) {
        return connected;
    }
    if (auto chosen = choose_networks(); !chosen) {
        return chosen;
    }
    if (auto there = look_at_networks(); !there) {
        return there;
    }
    if (virt::driver_root_of(uri_)) {
        return look_at_host();
    }
    const auto connection = world_.connection(uri_);
    if (!connection) {
        return connection.error();
    }
    if (options_.existing) {
        auto off = look_at_existing(**connection);
        return off ? look_at_host() : off;
    }
    if (crew_ == nullptr || crew_->names.contains(options_.spec.name.str())) {
        if (auto free = virt::check_name_is_free(**connection, options_.spec.name.str()); !free) {
            return free;
        }
    }
    if (auto there = look_at_hardware(**connection); !there) {
        return there;
    }
    if (auto usable = look_at_files(**connection); !usable) {
        return usable;
    }
    return look_at_host();
}

/// Before anything is written down: what may have changed since its description was read.
Result<void> Launcher::look_at_existing(const virt::Connection& connection)
{
    const virt::VmId vm{uri_, plan_.uuid, options_.spec.name.str()};
    const auto domain = connection.find_by_uuid(vm.uuid);
    if (!domain) {
        return domain.error();
    }
    return *domain ? virt::check_is_off(**domain, vm)
                   : Error{ErrorCode::not_found, fmt::format("VM '{}' is gone", vm.name)};
}

/// What this host would have promised. Another host's /proc is not to be seen, and the test driver runs nothing.
Result<void> Launcher::look_at_host()
{
    if (crew_ != nullptr) {
        gate_ = crew_->gate;
        return {};
    }
    if (!uri_.starts_with("qemu:///")) {
        return {};
    }
    auto gate = pass_gate(root_, {demand_of(options_.spec)}, options_.overcommit);
    if (!gate) {
        return gate.error();
    }
    gate_ = std::move(*gate);
    if (gate_) {
        tell(console_, *gate_);
    }
    return {};
}

/// The test driver offers no hardware and needs none.
Result<void> Launcher::look_at_hardware(const virt::Connection& connection)
{
    if (plan_.spec.type == virt::DomainType::test) {
        return {};
    }
    const auto offer = crew_ != nullptr && crew_->offer ? Result<virt::Offer>{*crew_->offer}
                                                        : virt::ask_offer(connection, plan_.spec.type);
    return offer ? virt::check_hardware(options_.spec.hardware, *offer) : with_launch_remedy(offer.error());
}

Result<void> Launcher::look_at_files(const virt::Connection& connection)
{
    const auto handling =
        crew_ != nullptr ? Result<virt::FileHandling>{crew_->files} : virt::ask_file_handling(connection);
    return handling ? virt::check_access(plan_, *handling) : handling.error();
}

/// Before it is known whether the VM can be called, nobody can say whether to wait for that makes sense.
Result<void> Launcher::use_networks(const NetworkChoice& choice)
{
    plan_.spec.nics = choice.nics;
    network_why_ = choice.why;
    return check_choice(choice, options_.wait.wait);
}

Result<void> Launcher::choose_networks()
{
    if (!options_.lets_host_choose()) {
        return {};
    }
    if (virt::driver_root_of(uri_)) {
        return use_networks({.why = "no libvirt daemon answers that could run networks"});
    }
    if (crew_ != nullptr) {
        return use_networks(crew_->network);
    }
    const auto connection = world_.connection(uri_);
    return connection ? use_networks(choose_network(**connection)) : connection.error();
}

/// For --print-xml, which asks libvirt nothing else. A user's own daemon is not started for it.
Result<void> Launcher::foresee_networks()
{
    if (!options_.lets_host_choose()) {
        return {};
    }
    virt::silence_libvirt();
    const bool would_start = uri_.starts_with("qemu:///session") && !virt::answers_unstarted(uri_);
    const auto connection = would_start ? Result<virt::Connection>{Error{ErrorCode::not_found, ""}}
                                        : virt::Connection::open_read_only(uri_);
    if (!connection) {
        console_.note("libvirt does not answer: where its network 'default' runs, a launch takes that");
        return {};
    }
    return use_networks(choose_network(*connection));
}

/// The embedded driver has no networks of its own: libvirt asks the daemon for them, which does not run.
Result<void> Launcher::look_at_networks()
{
    for (const auto& sentence : networks_.warnings) {
        console_.warn(sentence);
    }
    if (virt::driver_root_of(uri_)) {
        const auto uses_libvirts = [](const virt::Nic& nic) {
            return std::holds_alternative<virt::NetworkNic>(nic.source);
        };
        return std::ranges::any_of(options_.spec.nics, uses_libvirts)
                   ? Result<void>{Error{ErrorCode::not_found,
                                        "cannot use libvirt's networks: no libvirt daemon answers",
                                        "use --net bridge=NAME, or start the daemon"}}
                   : Result<void>{};
    }
    if (crew_ != nullptr) {
        return {};  // asked once for all
    }
    const auto connection = world_.connection(uri_);
    return connection ? check_networks(options_.spec.nics, **connection, options_.start_networks, networks_)
                      : connection.error();
}

}  // namespace kvmkit::vm_run
