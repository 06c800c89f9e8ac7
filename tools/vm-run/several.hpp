// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "cli/exit_code.hpp"
#include "system/signals.hpp"
#include "virt/libvirt/connection.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kvmkit::vm_run {

/// Connections to one libvirt that threads share.
using Connections = std::vector<std::shared_ptr<const virt::Connection>>;

/// libvirtd takes five calls at a time of each connection, and twenty together.
constexpr std::size_t calls_for_each_connection = 4;

/// That one and as many more as so many VMs at once can use, at most four together.
Result<Connections> open_connections(std::shared_ptr<const virt::Connection> first, std::size_t vms);

/// Does work for the VMs number 0 to count - 1, so many at once, each in one of as many threads with a connection that
/// it is dealt. Returns when all is done.
void side_by_side(std::size_t count,
                  std::size_t at_once,
                  const Connections& connections,
                  const std::function<void(std::size_t, const std::shared_ptr<const virt::Connection>&)>& work);

/// Whether a signal asks for an end. Asks without taking it, so that all threads may.
bool signal_pending(const SignalWatch& signals);

/// The exit code of a command for several VMs: what must be known first (damaged, interrupted), the code of all where
/// they are alike, else some_failed. `codes` is not empty.
cli::ExitCode code_of_several(const std::vector<cli::ExitCode>& codes);

}  // namespace kvmkit::vm_run
