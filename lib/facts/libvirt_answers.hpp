// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit {

/// A VM that libvirt knows.
struct LibvirtDomain {
    std::string uuid = {};
    std::string name = {};
    std::optional<int> id = std::nullopt;   ///< Of a running one.
    std::string state = {};                 ///< "running", "shut off"
    std::optional<int> pid = std::nullopt;  ///< Of its QEMU, where libvirt's file of it may be read.
};

/// What libvirt offers VMs of one type: "kvm" or "qemu".
struct LibvirtDomainType {
    std::string type = {};
    bool usable = false;
    std::string problem = {};                 ///< Why it is not, in libvirt's words; empty where it is.
    std::vector<std::string> cpu_modes = {};  ///< "host-passthrough"
    std::vector<std::string> firmware = {};   ///< "bios", "efi"
};

/// What libvirt answers by its library. kvm-check has it from the helper libvirt-facts (schema kvmkit.libvirt-facts/1).
struct LibvirtAnswers {
    std::string uri = {};
    std::string problem = {};     ///< Why it does not answer; empty: it does.
    std::string client = {};      ///< The version of its library: "9.0.0".
    std::string daemon = {};      ///< Likewise; empty: not told.
    std::string hypervisor = {};  ///< "QEMU 7.2.22"; empty: not told.
    std::vector<LibvirtDomainType> types = {};
    std::vector<LibvirtDomain> domains = {};

    [[nodiscard]] bool connected() const noexcept { return problem.empty(); }
    [[nodiscard]] const LibvirtDomainType* type(std::string_view name) const noexcept;
    [[nodiscard]] const LibvirtDomain* domain(std::string_view uuid) const noexcept;
};

/// The helper's record. Error: this is none.
Result<LibvirtAnswers> parse_libvirt_answers(std::string_view json);

/// The same record, as the helper prints it.
std::string print_libvirt_answers(const LibvirtAnswers& answers);

}  // namespace kvmkit
