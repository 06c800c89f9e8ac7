// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "check/launch_gate.hpp"
#include "cli/json.hpp"
#include "cli/tool.hpp"
#include "look.hpp"
#include "virt/spec/vm_spec.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kvmkit::vm_run {

void declare_gate(cli::po::options_description_easy_init& add);

/// What one VM asks of the host.
LaunchDemand demand_of(const virt::VmSpec& spec);

/// Computes what this host would have promised after a launch, and says what is worth saying. refused: a limit would be
/// crossed, and nobody said --overcommit. Absent where libvirt is on another host or runs nothing.
Result<std::optional<LaunchGate>> pass_gate(const Root& root,
                                            const std::vector<LaunchDemand>& demands,
                                            bool overcommit);

/// Tells the console which lines a launch crosses.
void tell(const cli::Console& console, const LaunchGate& gate);

/// The gate as a record; null where there was none.
cli::Json gate_record(const std::optional<LaunchGate>& gate);

/// How long a VM's vCPUs waited for a CPU while it was watched.
struct Contention {
    double waiting = 0;  ///< Of the vCPU that waited most, a share of the time.
    std::chrono::milliseconds watched{0};

    [[nodiscard]] bool hurts() const noexcept { return waiting >= painful_waiting; }
};

/// Watches one VM's process from its construction on.
class ContentionWatch {
public:
    ContentionWatch(const Root& root, std::string uuid);
    /// Absent where the process or its waiting cannot be read, or too little time has passed to tell.
    [[nodiscard]] std::optional<Contention> so_far() const;

private:
    const Root& root_;
    std::string uuid_;
    std::optional<Reading> before_;
};

}  // namespace kvmkit::vm_run
