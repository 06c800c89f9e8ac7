// SPDX-License-Identifier: Apache-2.0
#include "kvm/internal/machine.hpp"

#include "kvm/internal/cpuid_table.hpp"
#include "kvm/internal/layout.hpp"

#include <sys/ioctl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace kvmkit::kvm {
namespace {

tl::unexpected<Refusal> refused(Call call)
{
    return tl::unexpected<Refusal>{{call, errno}};
}

#if defined(__x86_64__)
/// Intel CPUs without unrestricted guests need three pages below 4 GiB for their real mode; others do not mind.
void place_task_state(int vm) noexcept
{
    constexpr unsigned long address = 0xfffbd000;
    (void)::ioctl(vm, KVM_SET_TSS_ADDR, address);
}
#else
bool give_supported_cpuid(int /*device*/, int /*vcpu*/) noexcept
{
    return true;
}

void place_task_state(int /*vm*/) noexcept {}
#endif

bool give_interrupts(int vm, Interrupts interrupts) noexcept
{
    return interrupts == Interrupts::none || ::ioctl(vm, KVM_CREATE_IRQCHIP, 0) == 0;
}

Attempt<Mapping> give_memory(int vm)
{
    Mapping memory{
        ::mmap(
            nullptr, layout::memory_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0),
        layout::memory_size};
    if (!memory) {
        return refused(Call::set_memory);
    }
    struct kvm_userspace_memory_region region {};
    region.memory_size = layout::memory_size;
    region.userspace_addr = reinterpret_cast<std::uintptr_t>(memory.start());
    if (::ioctl(vm, KVM_SET_USER_MEMORY_REGION, &region) != 0) {
        return refused(Call::set_memory);
    }
    return memory;
}

Attempt<Mapping> map_run(int device, int vcpu)
{
    const int size = ::ioctl(device, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (size < 0) {
        return refused(Call::map_vcpu);
    }
    const auto bytes = static_cast<std::size_t>(size);
    Mapping run{::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, vcpu, 0), bytes};
    if (!run) {
        return refused(Call::map_vcpu);
    }
    return run;
}

}  // namespace

Attempt<UniqueFd> create_vm(int device)
{
    constexpr int tries = 5;
    for (int attempt = 1;; ++attempt) {
        UniqueFd vm{::ioctl(device, KVM_CREATE_VM, 0)};
        if (vm) {
            return vm;
        }
        if (errno != EINTR || attempt == tries) {
            return refused(Call::create_vm);
        }
    }
}

Attempt<UniqueFd> create_vcpu(int vm)
{
    UniqueFd vcpu{::ioctl(vm, KVM_CREATE_VCPU, 0)};
    if (!vcpu) {
        return refused(Call::create_vcpu);
    }
    return vcpu;
}

Attempt<Machine> Machine::build(int device, Interrupts interrupts)
{
    auto vm = create_vm(device);
    if (!vm) {
        return tl::unexpected{vm.error()};
    }
    place_task_state(vm->get());
    if (!give_interrupts(vm->get(), interrupts)) {
        return refused(Call::create_irqchip);
    }
    auto memory = give_memory(vm->get());
    if (!memory) {
        return tl::unexpected{memory.error()};
    }
    auto vcpu = create_vcpu(vm->get());
    if (!vcpu) {
        return tl::unexpected{vcpu.error()};
    }
    auto run = map_run(device, vcpu->get());
    if (!run) {
        return tl::unexpected{run.error()};
    }
    if (!give_supported_cpuid(device, vcpu->get())) {
        return refused(Call::set_cpuid);
    }
    return Machine{std::move(*vm), std::move(*memory), std::move(*vcpu), std::move(*run)};
}

void Machine::load(std::uint64_t address, GuestCode code) noexcept
{
    std::ranges::copy(code, static_cast<std::byte*>(memory_.start()) + address);
}

void Machine::store(std::uint64_t address, std::uint64_t value) noexcept
{
    std::memcpy(static_cast<std::byte*>(memory_.start()) + address, &value, sizeof value);
}

std::uint64_t Machine::fetch(std::uint64_t address) const noexcept
{
    std::uint64_t value = 0;
    std::memcpy(&value, static_cast<const std::byte*>(memory_.start()) + address, sizeof value);
    return value;
}

}  // namespace kvmkit::kvm
