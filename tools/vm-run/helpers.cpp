// SPDX-License-Identifier: Apache-2.0
#include "helpers.hpp"

#include "virt/libvirt/libvirt_error.hpp"

#include <csignal>

namespace kvmkit::vm_run {

/// The guardian is forked before the first thread and the first lock; libvirt wants SIGPIPE ignored.
Result<void> Helpers::start(const LaunchOptions& options)
{
    (void)std::signal(SIGPIPE, SIG_IGN);
    virt::silence_libvirt();
    auto watch = SignalWatch::open();
    if (!watch) {
        return watch.error();
    }
    signals.emplace(std::move(*watch));
    if (options.spec.lifetime == virt::Lifetime::ephemeral && options.show == Show::nothing) {
        auto appointed = Guardian::appoint();
        if (!appointed) {
            return appointed.error();
        }
        guardian.emplace(std::move(*appointed));
    }
    auto started = virt::EventLoop::start();
    if (!started) {
        return started.error();
    }
    loop = std::move(*started);
    return {};
}

}  // namespace kvmkit::vm_run
