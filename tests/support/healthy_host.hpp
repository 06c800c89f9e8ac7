// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/catalogue.hpp"
#include "check/summary.hpp"

#include <chrono>
#include <string>
#include <utility>

#include <gtest/gtest.h>

namespace kvmkit::testing_support {

template <class T>
Fact<T> known(T value)
{
    return std::optional<T>{std::move(value)};
}

/// An Intel machine on which all is well. Each test breaks one thing.
inline HostFacts healthy()
{
    HostFacts host;
    host.arch = known<std::string>("x86_64");
    host.cpu = known(CpuFacts{"GenuineIntel", "Core", {"fpu", "lm", "vmx", "ept"}});
    host.cpuid = known(CpuidFacts{.vmx = true});
    host.underlay = known(UnderlayFacts{Underlay::hardware, "DMI"});
    host.distribution = known<std::string>("debian");
    host.user = known(UserFacts{"alice", 1000, {1000}});
    host.kvm_group = known(GroupFacts{106, {}});
    host.kvm.modules = known(std::set<std::string>{"kvm", "kvm_intel"});
    host.kvm.node = known(DeviceNode{NodeKind::kvm_device, "character device 10:232", 0660, 0, 106});
    host.kvm.open = known(Answer{});
    host.kvm.api_version = known(Answer{12, 0});
    host.kvm.create_vm = known(Answer{});
    host.kvm.run_real = known(GuestRun{true, "", std::chrono::microseconds{600}});
    host.kvm.run_long = known(GuestRun{true, "", std::chrono::microseconds{400}});
    host.kvm.speed = known(GuestSpeed{0.3, 0.3, 0.25});
    host.kvm.offer = known(NestedOffer{.vmx = true, .state_size = 4224});
    host.kvm.msrs = known(MsrWriteback{90, 0, {}});
    host.kvm.exit_cost = known(ExitCost{1100, 1900});
    host.kvm.nested = known<std::string>("Y");
    return host;
}

inline Finding finding(const HostFacts& host, std::string_view id)
{
    for (auto& found : judge(host, catalogue())) {
        if (found.check.id == id) {
            return found;
        }
    }
    ADD_FAILURE() << "no check " << id;
    return {};
}

inline Status status(const HostFacts& host, std::string_view id)
{
    return finding(host, id).verdict.status;
}

inline Summary summary(const HostFacts& host)
{
    return summarise(host, judge(host, catalogue()));
}

}  // namespace kvmkit::testing_support
