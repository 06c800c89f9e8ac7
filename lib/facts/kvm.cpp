// SPDX-License-Identifier: Apache-2.0
#include "facts/kvm.hpp"

namespace kvmkit {

void forget_answers(KvmFacts& kvm, const Error& why)
{
    kvm.api_version = why;
    kvm.create_vm = why;
    kvm.create_vcpu = why;
    kvm.capabilities = why;
    kvm.run_real = why;
    kvm.run_long = why;
    kvm.watchdog = why;
    kvm.speed = why;
    kvm.offer = why;
    kvm.msrs = why;
    kvm.exit_cost = why;
    kvm.nested_run = why;
    kvm.nested_paging = why;
}

void clear_answers(KvmFacts& kvm)
{
    KvmFacts untried;
    untried.modules = std::move(kvm.modules);
    untried.built_in = std::move(kvm.built_in);
    untried.node = std::move(kvm.node);
    untried.open = std::move(kvm.open);
    untried.nested = std::move(kvm.nested);
    untried.parameters = std::move(kvm.parameters);
    untried.counters = std::move(kvm.counters);
    kvm = std::move(untried);
}

}  // namespace kvmkit
