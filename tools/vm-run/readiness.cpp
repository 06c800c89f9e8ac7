// SPDX-License-Identifier: Apache-2.0
#include "readiness.hpp"

#include <fstream>
#include <string>

namespace kvmkit::vm_run {
namespace {

Result<std::unique_ptr<virt::AddressSign>> watch_address(const Waited& vm)
{
    auto search = virt::AddressSearch::start(vm.connection, vm.domain.share(), vm.root);
    if (!search) {
        return search.error();
    }
    return std::make_unique<virt::AddressSign>(std::move(*search));
}

/// The folder may be that of another VM of that name, if this one is another host's: then there is nothing to compare
/// with.
std::filesystem::path known_hosts_of(const Waited& vm)
{
    auto path = vm.folder / "known_hosts";
    std::ifstream file{path};
    std::string owner;
    file >> owner;
    return owner == vm.domain.uuid() ? path : std::filesystem::path{};
}

}  // namespace

Result<std::unique_ptr<Readiness>> Readiness::watch(Wait wait, const Waited& vm)
{
    auto ready = std::make_unique<Readiness>();
    if (wait == Wait::ip || wait == Wait::ssh) {
        auto address = watch_address(vm);
        if (!address) {
            return address.error();
        }
        ready->address_ = std::move(*address);
        ready->sign_ = ready->address_.get();
    }
    if (wait == Wait::ssh) {
        ready->other_ =
            std::make_unique<virt::SshSign>(*ready->address_, virt::HostKeyCheck{known_hosts_of(vm), &vm.runner});
    } else if (wait == Wait::agent) {
        auto agent = virt::AgentWatch::open(vm.connection, vm.domain);
        if (!agent) {
            return agent.error();
        }
        ready->other_ = std::make_unique<virt::AgentSign>(std::move(*agent));
    } else if (wait == Wait::cloud_init) {
        ready->other_ = std::make_unique<virt::CloudInitSign>();
    }
    if (ready->other_) {
        ready->sign_ = ready->other_.get();
    }
    return ready;
}

std::optional<Deadline::Clock::time_point> Readiness::address_found_at() const
{
    return address_ ? address_->found_at() : std::nullopt;
}

std::optional<virt::Address> Readiness::address() const
{
    return address_ ? address_->address() : std::nullopt;
}

}  // namespace kvmkit::vm_run
