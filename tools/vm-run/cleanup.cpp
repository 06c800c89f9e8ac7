// SPDX-License-Identifier: Apache-2.0
#include "cleanup.hpp"

#include "txn/lock.hpp"

#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

namespace kvmkit::vm_run {
namespace {

constexpr std::string_view lock_prefix = "lock.vm-run.";

/// A killed launch leaves the file of its lock, though not the lock: taking and dropping it removes the file.
void sweep_locks(const txn::Places& places)
{
    std::error_code problem;
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{places.runtime, problem}) {
        names.push_back(entry.path().filename());
    }
    for (const auto& name : names) {
        if (name.starts_with(lock_prefix)) {
            (void)txn::Lock::acquire(places, name, "vm-run gc");
        }
    }
}

}  // namespace

Result<txn::Cleanup> undo_dead_launches(const txn::Places& places, virt::World& world)
{
    sweep_locks(places);
    const auto inventory = txn::read_all_if_open(places, tool_name);
    if (!inventory) {
        return inventory.error();
    }
    if (txn::orphans(*inventory).empty()) {
        return txn::Cleanup{.undone = {}, .failed = inventory->damaged};
    }
    const auto lock = txn::Lock::acquire(places, "lock.gc.vm-run", "vm-run gc");
    if (!lock) {
        return lock.error();
    }
    return txn::undo_orphans(places, tool_name, world);
}

std::string lock_name(const virt::VmName& name)
{
    return std::string{lock_prefix} + name.str();
}

}  // namespace kvmkit::vm_run
