// SPDX-License-Identifier: Apache-2.0
#include "several.hpp"

#include <poll.h>

#include <algorithm>
#include <atomic>
#include <thread>

namespace kvmkit::vm_run {

Result<Connections> open_connections(std::shared_ptr<const virt::Connection> first, std::size_t vms)
{
    constexpr std::size_t most = 4;
    const auto count = std::min(most, (vms + calls_for_each_connection - 1) / calls_for_each_connection);
    Connections connections{std::move(first)};
    while (connections.size() < count) {
        auto another = virt::Connection::open(connections.front()->uri());
        if (!another) {
            return another.error();
        }
        connections.push_back(std::make_shared<const virt::Connection>(std::move(*another)));
    }
    return connections;
}

void side_by_side(std::size_t count,
                  std::size_t at_once,
                  const Connections& connections,
                  const std::function<void(std::size_t, const std::shared_ptr<const virt::Connection>&)>& work)
{
    std::atomic<std::size_t> next = 0;
    const auto workers = std::min(at_once, count);
    std::vector<std::thread> threads;
    threads.reserve(workers);
    for (std::size_t i = 0; i < workers; ++i) {
        threads.emplace_back([&, i] {
            for (auto mine = next++; mine < count; mine = next++) {
                work(mine, connections[i % connections.size()]);
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

bool signal_pending(const SignalWatch& signals)
{
    pollfd waits{signals.fd(), POLLIN, 0};
    return ::poll(&waits, 1, 0) > 0;
}

cli::ExitCode code_of_several(const std::vector<cli::ExitCode>& codes)
{
    for (const auto first : {cli::ExitCode::damaged, cli::ExitCode::interrupted}) {
        if (std::ranges::find(codes, first) != codes.end()) {
            return first;
        }
    }
    const bool alike = std::ranges::all_of(codes, [&codes](cli::ExitCode code) { return code == codes.front(); });
    return alike ? codes.front() : cli::ExitCode::some_failed;
}

}  // namespace kvmkit::vm_run
