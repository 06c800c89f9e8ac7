// SPDX-License-Identifier: Apache-2.0
#include "probe/host_probe.hpp"

#include "probe/files.hpp"
#include "probe/live.hpp"
#include "probe/recorded.hpp"

namespace kvmkit {

HostFacts probe_host(const Root& root, Deadline deadline, kvm::Depth depth)
{
    FileFacts files = read_files(root);
    HostFacts host = std::move(files.host);
    if (root.is_this_host()) {
        probe_live(root, deadline, depth, host);
    } else {
        read_recording(root, host);
    }
    files.underlay.cpuid = host.cpuid;
    host.underlay = identify_underlay(files.underlay);
    return host;
}

}  // namespace kvmkit
