// SPDX-License-Identifier: Apache-2.0
// The second half of World: the VM that it makes, starts and removes.
#include "virt/launch/world.hpp"

#include "system/clock.hpp"
#include "virt/host/denials.hpp"
#include "virt/host/placement.hpp"
#include "virt/spec/domain_xml.hpp"

#include <fmt/format.h>

namespace kvmkit::virt {
namespace {

/// One round: end it if it runs, forget it if it stays.
Result<void> remove_once(const Domain& domain)
{
    if (auto ended = domain.destroy(); !ended && ended.error().code != ErrorCode::not_found) {
        const auto active = domain.active();  // of one that is off it is refused
        if (active && *active) {
            return ended;
        }
    }
    const auto persistent = domain.persistent();
    if (persistent && *persistent) {
        if (auto removed = domain.undefine(); !removed && removed.error().code != ErrorCode::not_found) {
            return removed;
        }
    }
    return {};
}

}  // namespace

Result<Domain> World::ours(const VmId& vm)
{
    const auto connection = this->connection(vm.uri);
    if (!connection) {
        return connection.error();
    }
    if (domain_ && domain_->uuid() == vm.uuid) {
        return domain_->share();
    }
    auto domain = (*connection)->find_by_uuid(vm.uuid);
    if (!domain) {
        return domain.error();
    }
    if (!*domain) {
        return Error{ErrorCode::not_found, fmt::format("VM '{}' is gone", vm.name)};
    }
    domain_.emplace(std::move(**domain));
    return domain_->share();
}

/// libvirt alone says whether a name is free at that moment; whose it is, is asked afterwards.
Result<void> World::take(const VmId& vm, Result<Domain> made)
{
    if (made) {
        domain_.emplace(std::move(*made));
        return {};
    }
    if (made.error().code == ErrorCode::exists) {
        const auto connection = this->connection(vm.uri);
        auto told = connection ? check_name_is_free(**connection, vm.name) : Result<void>{};
        if (!told) {
            return told;
        }
    }
    return explained(vm, made.error(), {});  // the id is new: all that is told of it is of this start
}

Error World::explained(const VmId& vm, Error error, std::chrono::sys_seconds since) const
{
    const auto denial = leads_to_this_host(vm.uri) ? find_denial(root_, vm.uuid, since) : std::nullopt;
    if (denial) {
        error.hint = remedy_of(*denial);
    }
    return error;
}

Result<void> World::start(const VmId& vm)
{
    const auto domain = ours(vm);
    if (!domain) {
        return domain.error();
    }
    const auto begun = wall_clock();
    auto started = domain->start_paused();
    return started ? std::move(started) : explained(vm, started.error(), begun);
}

/// The end of a network card on the host, which is there as soon as the VM is started.
Result<std::string> World::link_of(const NicId& nic)
{
    const auto domain = ours(nic.vm);
    const auto xml = domain ? domain->xml() : Result<std::string>{domain.error()};
    if (!xml) {
        return xml.error();
    }
    for (const LiveNic& live : nics_in(*xml)) {
        if (live.mac == nic.mac && !live.link.empty() && ports_.give_vlan) {
            return live.link;
        }
    }
    return Error{ErrorCode::not_found,
                 fmt::format("cannot find the port of network card {} of VM '{}'", nic.mac, nic.vm.name)};
}

/// With the VM its port goes, too.
Result<void> World::untag(const UntagPort& step)
{
    if (driver_root_of(step.nic.vm.uri) && !connections_.contains(step.nic.vm.uri)) {
        return {};
    }
    const auto link = link_of(step.nic);
    if (!link) {
        return link.error().code == ErrorCode::not_found ? Result<void>{} : link.error();
    }
    return ports_.take_vlan(*link);
}

Result<void> World::remove_vm(const VmId& vm)
{
    if (driver_root_of(vm.uri) && !connections_.contains(vm.uri)) {
        return kill_qemu(root_, vm.uuid);  // its driver died with the process that embedded it
    }
    const auto connection = this->connection(vm.uri);
    if (!connection) {
        return connection.error();
    }
    if (domain_ && domain_->uuid() == vm.uuid) {
        (void)remove_once(*domain_);  // what is left then is looked for
    }
    domain_.reset();
    constexpr int rounds = 4;  // each waits for libvirt's own work on the VM; an ephemeral one may end meanwhile
    for (int round = 0; round < rounds; ++round) {
        const auto domain = (*connection)->find_by_uuid(vm.uuid);
        if (domain && !*domain) {
            return {};
        }
        auto removed = domain ? remove_once(**domain) : Result<void>{domain.error()};
        if (!removed && round + 1 == rounds) {
            return removed;
        }
    }
    return Error{ErrorCode::busy, fmt::format("cannot remove VM '{}': libvirt still lists it", vm.name)};
}

Result<void> World::start_again(const StartAgain& step)
{
    auto started = start(step.vm);
    return started ? domain_->note_starter(step.transaction) : started;
}

/// Between start and note, our VM is paused. One that runs without the note was started by somebody else meanwhile.
Result<void> World::stop_started(const StopStarted& step)
{
    const auto connection = this->connection(step.vm.uri);
    const auto found = connection ? (*connection)->find_by_uuid(step.vm.uuid) : connection.error();
    if (!found || !*found) {
        return found ? Result<void>{} : found.error();
    }
    const Domain& domain = **found;
    const auto active = domain.active();
    if (!active || !*active) {
        return active ? Result<void>{} : active.error();
    }
    const auto noted = domain.started_by(step.transaction);
    const auto state = domain.state();
    if (!noted || !state) {
        return !noted ? noted.error() : state.error();
    }
    return *noted || *state == DomainState::paused ? domain.destroy() : Result<void>{};
}

Result<void> check_is_off(const Domain& domain, const VmId& vm)
{
    const auto state = domain.state();
    if (!state) {
        return state.error();
    }
    switch (*state) {
        case DomainState::shut_off:
        case DomainState::crashed: return {};
        case DomainState::paused:
            return Error{ErrorCode::refused,
                         fmt::format("refused to start VM '{}': it is paused", vm.name),
                         fmt::format("let it go on: virsh -c {} resume {}", vm.uri, vm.name)};
        default:
            return Error{ErrorCode::refused,
                         fmt::format("refused to start VM '{}': it runs", vm.name),
                         fmt::format("wait for it: vm-run wait {0}; or stop it first: vm-run stop {0}", vm.name)};
    }
}

Result<void> check_name_is_free(const Connection& connection, const std::string& name)
{
    const auto domain = connection.find_by_name(name);
    if (!domain) {
        return domain.error();
    }
    if (!*domain) {
        return {};
    }
    const auto state = (*domain)->state();
    const auto xml = (*domain)->xml();
    const auto summary = xml ? summarize(*xml) : Result<DomainSummary>{xml.error()};
    const bool ours = summary && summary->ours();
    return Error{ErrorCode::exists,
                 fmt::format("cannot launch VM '{}': the name is taken by a VM that {} ({})",
                             name,
                             ours ? "vm-run made" : "vm-run did not make",
                             state ? word(*state) : "state unknown"),
                 ours ? fmt::format("use another name, or remove that VM: vm-run rm {} --force", name)
                      : "use another name; 'virsh dominfo' tells more about that VM"};
}

}  // namespace kvmkit::virt
