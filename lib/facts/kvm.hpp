// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/answer.hpp"
#include "base/fact.hpp"
#include "facts/acl.hpp"
#include "facts/udev.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace kvmkit {

enum class NodeKind { kvm_device, other_device, not_a_device };

/// What stands at /dev/kvm.
struct DeviceNode {
    NodeKind kind = NodeKind::kvm_device;
    std::string shape;  ///< "character device 10:232", "plain file of 5 bytes"
    unsigned mode = 0;  ///< The permission bits.
    unsigned uid = 0;
    unsigned gid = 0;
    std::vector<AclEntry> acl = {};  ///< Its POSIX access list; empty: none beyond the mode.
};

/// One piece of guest code that was run, and what came of it.
struct GuestRun {
    bool passed = false;
    std::string detail;  ///< How it failed, for people; empty if it passed.
    std::chrono::microseconds took{0};
};

/// The time of one turn of the same loop, in nanoseconds.
struct GuestSpeed {
    double kernel_ns = 0;                          ///< In a guest's kernel (CPL 0).
    std::optional<double> user_ns = std::nullopt;  ///< In a guest's program (CPL 3); absent: not measured.
    double host_ns = 0;

    /// How many times slower a guest's kernel is than the host: about 1 where the CPU runs it.
    [[nodiscard]] double ratio() const noexcept { return host_ns > 0 ? kernel_ns / host_ns : 0; }
};

/// Above this ratio guests run by emulation. The CPU's own virtualization stays below 2, also nested; emulation of
/// every instruction starts beyond 100.
constexpr double emulation_ratio = 20;

/// What KVM says it offers its guests for guests of their own.
struct NestedOffer {
    bool vmx = false;
    bool svm = false;
    bool nested_paging = false;  ///< AMD's; Intel's does not show here.
    int state_size = 0;          ///< Bytes of nested state that KVM can save (KVM_CAP_NESTED_STATE); 0: none.

    [[nodiscard]] bool nests() const noexcept { return vmx || svm; }
};

/// An MSR that KVM advertises and then refuses.
struct RefusedMsr {
    std::uint32_t index = 0;
    std::uint64_t value = 0;
};

/// What came of writing to a vCPU what KVM said of its MSRs, as QEMU does at every start.
struct MsrWriteback {
    unsigned checked = 0;
    unsigned refused = 0;           ///< May exceed the size of `first`.
    std::vector<RefusedMsr> first;  ///< The first of those refused.
};

/// What it costs to leave a guest and to come back, in nanoseconds.
struct ExitCost {
    double kernel_ns = 0;                          ///< Into the kernel (CPUID).
    std::optional<double> user_ns = std::nullopt;  ///< On to the program (OUT); absent: not measured.
};

/// What KVM says of itself by KVM_CHECK_EXTENSION.
struct KvmCapabilities {
    int recommended_vcpus = 0;  ///< Of one guest.
    int max_vcpus = 0;
    std::vector<std::string> missing = {};  ///< Names of capabilities that QEMU wants and this KVM lacks.
    std::optional<bool> binary_stats =
        std::nullopt;  ///< It has counters to be read by KVM_GET_STATS_FD; absent: not told.
};

/// What was seen of KVM. Each step is absent where an earlier one failed, so that it was not asked.
struct KvmFacts {
    Fact<std::set<std::string>> modules{std::nullopt};  ///< Names in sys/module that begin with "kvm", built in or not.
    std::set<std::string> built_in;                     ///< Those of them that no modprobe can load anew.
    Fact<DeviceNode> node{std::nullopt};                ///< Absent: there is no /dev/kvm.
    Fact<UdevNode> udev{std::nullopt};                  ///< Absent: no udev runs, or no rule of it names the node.
    Fact<Answer> open{std::nullopt};
    Fact<Answer> api_version{std::nullopt};
    Fact<Answer> create_vm{std::nullopt};
    Fact<Answer> create_vcpu{std::nullopt};
    Fact<KvmCapabilities> capabilities{std::nullopt};
    Fact<GuestRun> run_real{std::nullopt};
    Fact<GuestRun> run_long{std::nullopt};
    Fact<GuestRun> watchdog{std::nullopt};  ///< A guest without an end, passed if the timer ended it.
    Fact<GuestSpeed> speed{std::nullopt};
    Fact<NestedOffer> offer{std::nullopt};
    Fact<MsrWriteback> msrs{std::nullopt};
    Fact<ExitCost> exit_cost{std::nullopt};
    Fact<GuestRun> nested_run{std::nullopt};        ///< A guest's guest; absent too where it was not asked for.
    Fact<GuestRun> nested_paging{std::nullopt};     ///< The same by AMD's nested paging.
    Fact<std::string> nested{std::nullopt};         ///< The vendor module's parameter `nested`: "Y", "1", "N", "0".
    std::map<std::string, std::string> parameters;  ///< Others that are looked at, those that are there: "sev" -> "N".
    Fact<std::size_t> counters{std::nullopt};       ///< In sys/kernel/debug/kvm; absent: there is no such folder.

    /// Whether KVM made a virtual machine: proof that no CPU flag can take away.
    [[nodiscard]] bool creates_machines() const { return create_vm && *create_vm && (*create_vm)->ok(); }
};

/// Makes all that /dev/kvm would have answered once open an Error.
void forget_answers(KvmFacts& kvm, const Error& why);

/// Makes all of that absent: it was not asked, since it cannot be opened.
void clear_answers(KvmFacts& kvm);

}  // namespace kvmkit
