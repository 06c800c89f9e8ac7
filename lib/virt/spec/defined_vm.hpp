// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/spec/vm_spec.hpp"

#include <string>
#include <string_view>

namespace kvmkit::virt {

/// A VM of ours as libvirt keeps it: what its next start needs to know. Disks and devices are libvirt's own affair.
struct DefinedVm {
    VmSpec spec;
    std::string uuid;
};

/// Reads a description that to_domain_xml() made. refused: vm-run did not make that VM; invalid: it is no description.
Result<DefinedVm> read_defined_vm(std::string_view domain_xml);

}  // namespace kvmkit::virt
