// SPDX-License-Identifier: Apache-2.0
#include "look.hpp"

#include "probe/vms.hpp"

#include <thread>

namespace kvmkit::vm_run {

Result<Reading> read_now(const Root& root)
{
    const auto time = std::chrono::steady_clock::now();
    auto vms = read_vms(root);
    if (!vms) {
        return std::move(vms).error();
    }
    if (!*vms) {
        return Error{ErrorCode::not_found, "cannot tell which VMs run: there is no /proc", "mount -t proc proc /proc"};
    }
    return Reading{std::move(**vms), time};
}

VmsReport between(const Reading& before, Reading after)
{
    auto load = load_between(before.vms, after.vms, after.time - before.time);
    return make_report(std::move(after.vms), std::move(load));
}

Result<VmsReport> look(const Root& root, std::chrono::milliseconds interval)
{
    auto first = read_now(root);
    if (!first) {
        return std::move(first).error();
    }
    if (interval == std::chrono::milliseconds::zero()) {
        auto load = load_since_start(first->vms);
        return make_report(std::move(first->vms), std::move(load));
    }
    std::this_thread::sleep_until(first->time + interval);
    auto second = read_now(root);
    return second ? Result<VmsReport>{between(*first, std::move(*second))} : std::move(second).error();
}

}  // namespace kvmkit::vm_run
