// SPDX-License-Identifier: Apache-2.0
#include "probe/programs.hpp"

#include "probe/forward_policy.hpp"

namespace kvmkit {

void ask_programs(const Root& root, const Programs& programs, const ProbeOrder& order, HostFacts& host)
{
    if (!root.is_this_host()) {
        return;
    }
    const auto& filter = host.network.bridge_filter;
    if (filter && *filter == "1") {
        host.network.forward_policy = ask_bridged_policy(root, programs.runner, order.deadline);
    }
    if (order.depth != Depth::open) {
        host.libvirt.answers = ask_libvirt_helper(host.libvirt, programs, order.deadline);
    }
}

}  // namespace kvmkit
