// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/result.hpp"
#include "virt/libvirt/connection.hpp"

#include <memory>
#include <string>
#include <string_view>

namespace kvmkit::virt {

/// The serial console of one VM, which one reader alone can have. Opened while the VM is paused it misses nothing. The
/// members belong to one thread.
class Console {
public:
    Console() = default;
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;
    virtual ~Console() = default;

    /// Readable when take() has something, or the console has ended: for poll(2).
    [[nodiscard]] virtual int fd() const noexcept = 0;
    /// Everything that came since the last call.
    [[nodiscard]] virtual std::string take() = 0;
    /// The console is at its end and everything was taken.
    [[nodiscard]] virtual bool ended() const = 0;
    /// Types into the console; what the guest does not read at once is kept and sent later.
    virtual void send(std::string_view bytes) = 0;
};

/// Opens the terminal behind the console where this process may, and libvirt's stream of it elsewhere (a VM of another
/// host, of another user). The terminal is preferred because a stream that is open while its VM ends can lock libvirtd
/// up for good: to end the stream it takes two locks in one order, to free the VM in the other (libvirt 9.0).
/// busy: another process has the console; its pid is named. unsupported: the driver has no consoles.
Result<std::unique_ptr<Console>> open_console(const Connection& connection, const Domain& domain);

}  // namespace kvmkit::virt
