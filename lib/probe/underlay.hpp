// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "facts/host_facts.hpp"
#include "system/root.hpp"

namespace kvmkit {

/// SMBIOS strings; absent where the folder is not there.
Fact<DmiFacts> read_dmi(const Root& root);

/// All that files say of what lies below; the CPU's own words are left out.
UnderlaySources read_underlay(const Root& root);

/// Whether this is a container, and which. Error: a recording that shows no mark need not have looked for one.
Fact<ContainerFacts> read_container(const Root& root);

/// Whether this is a confidential guest, as far as its kernel tells. Error likewise.
Fact<ConfidentialFacts> read_confidential(const Root& root, const Fact<CpuFacts>& cpu);

/// Which of these modules are part of the kernel's image. A recording tells it by proc/modules or modules.builtin.
std::set<std::string> read_built_in(const Root& root, const Fact<std::set<std::string>>& modules);

}  // namespace kvmkit
