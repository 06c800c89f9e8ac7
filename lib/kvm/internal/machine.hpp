// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/unique_fd.hpp"
#include "kvm/internal/guest_code.hpp"
#include "kvm/proof.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>

#include <linux/kvm.h>
#include <sys/mman.h>
#include <tl/expected.hpp>

namespace kvmkit::kvm {

/// A KVM call that failed. Without text: it is made in the child, and told by the parent.
struct Refusal {
    Call call = Call::create_vm;
    int errnum = 0;
};

template <class T>
using Attempt = tl::expected<T, Refusal>;

/// A mapping that unmaps itself.
class Mapping {
public:
    Mapping() = default;
    Mapping(void* start, std::size_t size) noexcept : start_(start), size_(size) {}
    Mapping(Mapping&& other) noexcept : start_(std::exchange(other.start_, MAP_FAILED)), size_(other.size_) {}
    Mapping& operator=(Mapping&&) = delete;
    Mapping(const Mapping&) = delete;
    Mapping& operator=(const Mapping&) = delete;
    ~Mapping()
    {
        if (*this) {
            ::munmap(start_, size_);
        }
    }
    [[nodiscard]] void* start() const noexcept { return start_; }
    explicit operator bool() const noexcept { return start_ != MAP_FAILED; }

private:
    void* start_ = MAP_FAILED;
    std::size_t size_ = 0;
};

/// Whether KVM itself holds the interrupt controller, as it does for QEMU. HLT then sleeps in the kernel: nothing may
/// be run in such a machine.
enum class Interrupts { none, in_kernel };

/// A virtual machine with one vCPU and 2 MiB of memory, by itself without an interrupt controller: so HLT leaves the
/// guest instead of sleeping in the kernel. Everything is gone with the object.
class Machine {
public:
    /// `device` is an open /dev/kvm.
    static Attempt<Machine> build(int device, Interrupts interrupts = Interrupts::none);

    [[nodiscard]] int vcpu() const noexcept { return vcpu_.get(); }
    [[nodiscard]] struct kvm_run* run() const noexcept { return static_cast<struct kvm_run*>(run_.start()); }

    /// Copies code to a physical address.
    void load(std::uint64_t address, GuestCode code) noexcept;
    void store(std::uint64_t address, std::uint64_t value) noexcept;
    [[nodiscard]] std::uint64_t fetch(std::uint64_t address) const noexcept;

private:
    Machine(UniqueFd vm, Mapping memory, UniqueFd vcpu, Mapping run) noexcept
        : vm_(std::move(vm)), memory_(std::move(memory)), vcpu_(std::move(vcpu)), run_(std::move(run))
    {
    }
    UniqueFd vm_;
    Mapping memory_;
    UniqueFd vcpu_;
    Mapping run_;
};

/// KVM_CREATE_VM, tried again where a signal came between (EINTR).
Attempt<UniqueFd> create_vm(int device);

/// KVM_CREATE_VCPU: the first one of a machine.
Attempt<UniqueFd> create_vcpu(int vm);

}  // namespace kvmkit::kvm
