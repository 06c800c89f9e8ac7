// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "virt/host/qemu_user.hpp"
#include "virt/spec/vm_spec.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::virt {

/// Everything that a domain description says.
struct DomainPlan {
    VmSpec spec;
    std::string uuid;
    std::string transaction;                                      ///< Which of our transactions makes it.
    std::filesystem::path folder = {};                            ///< Where its files lie.
    std::optional<std::filesystem::path> overlay = std::nullopt;  ///< The disk on top of spec.image.
    DiskTuning root_tuning = {};
    std::vector<PlannedDisk> extra_disks = {};       ///< In the order of spec.disks.extra.
    std::optional<PlannedSeed> seed = std::nullopt;  ///< Of spec.seed.
    std::optional<QemuUser> runs_as = std::nullopt;  ///< That user can read every file: libvirt changes no owner.
    CpuPlan cpu = {};
    unsigned nic_queues = 1;                         ///< Pairs of queues of each network card.
    std::vector<std::string> learning_bridges = {};  ///< Whose new ports stay silent at first: the spanning tree runs.
};

/// What the disk of the seed is called in that description: "vdb", the last one. Of a plan that has a seed.
std::string seed_target(const DomainPlan& plan);

/// The libvirt domain description of a plan. Pure; golden files pin it.
std::string to_domain_xml(const DomainPlan& plan);

/// What a description that libvirt gave back says about a VM.
struct DomainSummary {
    std::string name;
    std::string uuid;
    std::string type;  ///< "kvm", "qemu", "test", ...
    Bytes memory;
    unsigned vcpus = 0;
    bool runs = false;                       ///< Or is paused: it has a process.
    std::vector<std::string> disks;          ///< The files of its disks.
    std::optional<std::string> transaction;  ///< Ours; absent: somebody else made this VM.

    [[nodiscard]] bool ours() const noexcept { return transaction.has_value(); }
};

/// Reads a description; ErrorCode::invalid if it is no domain.
Result<DomainSummary> summarize(std::string_view domain_xml);

}  // namespace kvmkit::virt
